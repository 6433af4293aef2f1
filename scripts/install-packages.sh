#!/usr/bin/env bash
# Gets the npm packages that a folder's package-lock.json pins, for a test. They are never part of the project.
set -euo pipefail
cd "$1"

if [ -e node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
echo "Getting the packages of $1 from npm"
# Not npm ci, which refuses a lock file without the optional packages of other platforms. Versions and checksums are the
# lock file's all the same, and --no-save leaves it as it is.
npm install --no-save --silent --ignore-scripts --no-audit --no-fund
