#!/usr/bin/env bash
# Usage: scripts/apt.sh PACKAGE... - install Debian packages where this user may; exit code 1 where not.
set -euo pipefail
command -v apt-get >/dev/null || exit 1
run=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || exit 1
  run=(sudo -n)
fi
echo "Installing $* ..."
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
