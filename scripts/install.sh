#!/usr/bin/env bash
# Usage: scripts/install.sh VENV LOCK - install Gatelens and what the lock file pins into a virtual environment.
set -euo pipefail
venv=$1 lock=$2
cd "$(dirname "$0")/.."

fail() { echo "Error: $*" >&2; exit 1; }

python=""
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
  if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed; install it, or name it: make install PYTHON=/path/to/python3."

if ! [ -x "$venv/bin/pip" ]; then
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    scripts/apt.sh python3-venv ||
      fail "Python lacks its venv module; run: sudo apt-get install python3-venv"
  fi
  "$python" -m venv --clear "$venv"
fi
# One line that counts in a terminal, a line for every tenth package elsewhere.
count_packages() {
  awk -v total="$1" -v terminal="$2" '
    /^ *(ERROR|error|WARNING)/ { print; next }
    /^(Collecting|Requirement already satisfied:)/ {
      n++
      name = ($1 == "Collecting") ? $2 : $4
      sub(/[=<>[;].*/, "", name)
      if (terminal) printf "\r  %d of %d: %s\033[K", n, total, name
      else if (n % 10 == 0) printf "  %d of %d\n", n, total
    }
    /^Installing collected packages/ { printf "%s  Unpacking %d packages ...\n", terminal ? "\r\033[K" : "", n }
    { fflush() }'
}

echo "Installing what $lock pins into $venv: some minutes where nothing of it is cached."
terminal=0
if [ -t 1 ]; then terminal=1; fi
total=$(grep -c '^[a-zA-Z0-9].*==' "$lock")
"$venv/bin/python" -m pip install --progress-bar off --disable-pip-version-check --require-hashes -r "$lock" |
  count_packages "$total" "$terminal"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
