#!/usr/bin/env bash
# Gets the npm packages that a folder's package-lock.json pins, for a test. They are never part of the project.
set -euo pipefail
cd "$1"

if [ -e node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
echo "Getting the packages of $1 from npm"
npm ci --silent --ignore-scripts --no-audit --no-fund
