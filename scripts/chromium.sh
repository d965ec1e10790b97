#!/usr/bin/env bash
# Install Chromium for the browser tests where it is missing and can be had; without it those tests say why they skip.
set -euo pipefail
cd "$(dirname "$0")/.."
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
scripts/apt.sh chromium || echo "Chromium is missing and could not be installed: browser tests will be skipped." >&2
