#!/usr/bin/env bash
# Runs the conformance suite with the reference clients as npm published them last, whatever the lock file pins. A version that
# breaks something is known by this before it is pinned. It is for a nightly run; more arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/bin/newest-clients
mkdir -p "$folder"
cat >"$folder/package.json" <<'JSON'
{ "private": true, "dependencies": { "@customerio/cdp-analytics-browser": "latest", "customerio-gist-web": "latest" } }
JSON
rm -rf "$folder/node_modules" "$folder/package-lock.json"
npm install --prefix "$folder" --no-package-lock --silent --ignore-scripts --no-audit --no-fund
HANDBILL_NEWEST_CLIENTS=$folder/node_modules go test ./cmd/handbill -run '^TestConformance$' -count=1 -timeout 20m -v "$@"
