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
echo "Installing what $lock pins into $venv ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
