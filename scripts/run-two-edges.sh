#!/usr/bin/env bash
# Runs two edges over one Redis in the foreground, with a balancer in front of them and the demo's site behind: see
# docs/many-edges.md. Ports and the folder for what is kept come from the environment where they are set.
set -euo pipefail
cd "$(dirname "$0")/.."

export BALANCER_PORT=${BALANCER_PORT:-8080} SITE_PORT=${SITE_PORT:-8081} ONE_PORT=${ONE_PORT:-8091} TWO_PORT=${TWO_PORT:-8092}
BALANCER_ADMIN=${BALANCER_ADMIN:-2019} ONE_ADMIN=${ONE_ADMIN:-2021} TWO_ADMIN=${TWO_ADMIN:-2022} REDIS_PORT=${REDIS_PORT:-6390}
export REDIS_URL="redis://127.0.0.1:$REDIS_PORT" BALANCER_ADMIN
handbill=${HANDBILL:-bin/handbill}
folder=${FOLDER:-.demo/two-edges}

command -v redis-server >/dev/null || {
  echo "Two edges share a Redis, and this machine has no redis-server. On Debian: sudo apt-get install redis-server" >&2
  exit 1
}
mkdir -p "$folder/redis"

processes=()
stop() {
  trap - EXIT INT TERM
  kill "${processes[@]}" 2>/dev/null || true
  wait
}
trap stop EXIT INT TERM

redis-server --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$folder/redis" --save "" --appendonly yes --appendfsync always >"$folder/redis.log" 2>&1 &
processes+=($!)

# The messages go to Redis, as soon as it answers.
for ((try = 1; ; try++)); do
  "$handbill" messages push examples/messages "$REDIS_URL" && break
  ((try < 50)) || exit 1
  sleep 0.2
done

# edge NAME PORT ADMIN runs an edge with a folder of its own.
edge() {
  EDGE_PORT=$2 EDGE_ADMIN=$3 XDG_DATA_HOME="$folder/$1" XDG_CONFIG_HOME="$folder/$1" \
    "$handbill" run --config examples/two-edges/edge.caddyfile >"$folder/$1.log" 2>&1 &
  processes+=($!)
}
edge one "$ONE_PORT" "$ONE_ADMIN"
edge two "$TWO_PORT" "$TWO_ADMIN"

XDG_DATA_HOME="$folder/balancer" XDG_CONFIG_HOME="$folder/balancer" \
  "$handbill" run --config examples/two-edges/balancer.caddyfile >"$folder/balancer.log" 2>&1 &
processes+=($!)

cat <<GUIDE

  The site, behind two edges in turn:   http://localhost:$BALANCER_PORT
  The edges:                            http://localhost:$ONE_PORT and http://localhost:$TWO_PORT

  Dismiss a message, reload: whichever edge answers knows. Stop one of them: the other goes on.
  The messages are in Redis. Edit those in examples/messages, then both edges have them with

    $handbill messages push examples/messages $REDIS_URL

    $handbill messages stats --address localhost:$ONE_ADMIN     what both counted together
    $handbill messages stats --address localhost:$TWO_ADMIN

  Logs and what Redis keeps: $folder. Ctrl-C stops everything.

GUIDE
wait -n "${processes[@]}" || {
  echo "One of the programs ended; its log is in $folder:" >&2
  tail -n 5 "$folder"/*.log >&2
  exit 1
}
