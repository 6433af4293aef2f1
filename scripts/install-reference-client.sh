#!/usr/bin/env bash
# Gets the reference client from npm for the test that it works with our endpoint. It is never part of the project.
set -euo pipefail
cd "$(dirname "$0")/../cmd/handbill/testdata/reference"

if [ -e node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
echo "Getting the reference client from npm"
npm ci --silent --ignore-scripts --no-audit --no-fund
