#!/usr/bin/env bash
# Gets what the tests need and this machine lacks: a browser, Node with npm, compressors, servers and real pages to
# put Handbill in front of. Programs and manuals come from Debian's packages, by name; what people wrote by hand from npm.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  printf 'install-test-tools: %s\n' "$@" >&2
  exit 1
}

# Programs are installed; services that come along are not started.
install_programs() {
  local packages=()
  command -v chromium >/dev/null || packages+=(chromium)
  command -v node >/dev/null || packages+=(nodejs)
  command -v npm >/dev/null || packages+=(npm)
  command -v zopfli >/dev/null || packages+=(zopfli)
  command -v libdeflate-gzip >/dev/null || packages+=(libdeflate-tools)
  command -v pigz >/dev/null || packages+=(pigz)
  [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
  [ -x /usr/sbin/apache2 ] || packages+=(apache2)
  compgen -G '/usr/sbin/php-fpm*' >/dev/null || packages+=(php-fpm)
  command -v redis-server >/dev/null || packages+=(redis-server)
  if [ "${#packages[@]}" -eq 0 ]; then return; fi

  need_apt "${packages[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    fail "${packages[*]}: installing needs root. Run once: sudo apt-get install ${packages[*]}"
  fi
  echo "Installing ${packages[*]}"
  # Exit status 101 tells Debian's maintainer scripts not to start a service.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  refresh_apt
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null ||
    fail "apt-get install ${packages[*]} failed, see above"
}

# Documentation is only unpacked, not installed: its packages would drag upgrades of Python and PostgreSQL along.
# One folder each: Sphinx, AsciiDoc and DocBook made these pages.
unpack_documentation() {
  local folder=bin/documentation package name
  for package in python3-doc git-doc postgresql-doc; do
    if [ -d "$folder/$package" ]; then continue; fi
    need_apt "$package"
    refresh_apt
    name=$(versioned "$package")
    echo "Unpacking the pages of $name"
    rm -rf "$folder/.incoming"
    mkdir -p "$folder/.incoming"
    # World-writable, because root's apt fetches as the user _apt.
    chmod 777 "$folder/.incoming"
    (cd "$folder/.incoming" && apt-get download -qq "$name") ||
      fail "apt-get download $name failed, see above. Where the lists are old: apt-get update"
    dpkg-deb --extract "$folder"/.incoming/*.deb "$folder/.incoming/tree"
    mv "$folder/.incoming/tree" "$folder/$package"
    rm -rf "$folder/.incoming"
  done
}

# versioned names the package that an unversioned documentation package depends on, or the package itself.
versioned() {
  local name
  name=$(apt-cache depends "$1" | sed -n 's/^ *Depends: \(.*-doc.*\)$/\1/p' | head -n 1)
  echo "${name:-$1}"
}

need_apt() {
  command -v apt-get >/dev/null || fail "the tests need $1, and this machine has no apt-get to get it with." \
    "Install it with the machine's own package manager."
}

refreshed=no
refresh_apt() {
  if [ "$refreshed" = no ] && [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq || fail "apt-get update failed, see above"
    refreshed=yes
  fi
}

install_programs
unpack_documentation
scripts/install-packages.sh cmd/handbill/testdata/reference
scripts/install-packages.sh cmd/handbill/testdata/parse5
scripts/install-packages.sh cmd/handbill/testdata/demos
scripts/install-packages.sh cmd/handbill/testdata/hypermedia
scripts/install-packages.sh client/testdata
