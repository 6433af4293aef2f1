#!/usr/bin/env bash
# Gets the packages of the applications below sites/ from npm, and builds them. Nothing of it is part of the project.
set -euo pipefail
cd "$(dirname "$0")/.."
export NEXT_TELEMETRY_DISABLED=1

for manifest in sites/*/package.json; do
  site=$(dirname "$manifest")
  scripts/install-packages.sh "$site"
  echo "Building $site"
  log=$(mktemp)
  if ! npm --prefix "$site" run --silent build >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  rm -f "$log"
done
