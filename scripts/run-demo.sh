#!/usr/bin/env bash
# Runs the demo in the foreground: Handbill on :8080, the site that nobody touched on :8081.
# What visitors were shown is kept in .demo/ across restarts.
set -euo pipefail
cd "$(dirname "$0")/.."

answers() {
  (exec 3<>"/dev/tcp/localhost/$1") 2>/dev/null
}

check_ports() {
  local port use status=0
  for use in "8080 Handbill" "8081 the site" "2019 Caddy's admin API"; do
    port=${use%% *}
    if answers "$port"; then
      echo "Port $port is in use, and the demo needs it for ${use#* }. Stop the program that listens there:" >&2
      command -v ss >/dev/null && ss -Hltnp "sport = :$port" >&2
      status=1
    fi
  done
  return "$status"
}

# print_guide waits until the server with this process id answers, then says what there is to see.
print_guide() {
  until answers 8080 && answers 2019; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  cat <<'GUIDE'

  Handbill is in front of the example site:   http://localhost:8080
  The same site without it:                   http://localhost:8081

  Page                                         shows
  http://localhost:8080/                       welcome         a modal in two steps
  http://localhost:8080/pricing/               yearly-offer    a banner, also on pages below, in two languages and two variants
  http://localhost:8080/billing/               direct-debit    a modal, but not on /billing/invoices/
  http://localhost:8080/billing/invoices/      call-us         a banner from nine to five, Monday to Friday
  http://localhost:8080/docs/first-job/        next-invoicing  a banner, once you have scrolled down
  http://localhost:8080/app/, then Settings    invoice-prefix  a banner on a route without a page load, once
  http://localhost:8080/app/, then Jobs        recommend       a survey, after three seconds
  http://localhost:8080/app/, five seconds on  bring-a-friend  a campaign, for those who gave a nine or a ten
  http://localhost:8080/gallery/               every display, on request
  nowhere                                      winter-closing  a draft

  Dismiss one, reload, stop and start again: it stays away. To begin anew: rm -r .demo

  In another terminal:
    bin/handbill messages explain --url http://localhost:8080/pricing/   why each message is shown, or not
    bin/handbill messages stats                                          who opened, clicked and dismissed
    bin/handbill messages check examples/messages                        before you save an edit of them

  And to one person. In the console of a page below http://localhost:8080/app/, say who you are:
        cioanalytics.identify("ines", {email: "ines@example.com"})
    bin/handbill messages send invoice-paid --to ines --data '{"customer": "Ferro", "number": "TB-2061"}'
    bin/handbill messages send --test ines@example.com                   a hello

  Ctrl-C stops it.

GUIDE
}

check_ports
mkdir -p .demo
export XDG_DATA_HOME="$PWD/.demo" XDG_CONFIG_HOME="$PWD/.demo"
print_guide "$$" &
exec bin/handbill run --config Caddyfile.example
