#!/usr/bin/env bash
# Generates again and fails where a file changes, comes or goes by it: what was committed is stale.
# The fresh files stay, to be committed.
set -euo pipefail
cd "$(dirname "$0")/.."

checksums() {
  find . \( -name .git -o -name node_modules -o -name .next -o -path './sites/*/build' -o -path ./bin -o -path ./.demo \) -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum
}

before=$(checksums)
go generate ./...
changed=$(diff <(echo "$before") <(checksums) | sed -n 's/^[<>] [0-9a-f]*  /  /p' | sort -u) || true
if [ -n "$changed" ]; then
  printf 'These generated files were stale. They are fresh now: commit them.\n%s\n' "$changed" >&2
  exit 1
fi
