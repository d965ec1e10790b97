#!/usr/bin/env bash
# Pin every dependency with its hashes; no index address goes into the files. Needs uv: pip install uv
set -euo pipefail
cd "$(dirname "$0")/.."
compile=(uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes
  --no-emit-index-url --no-header --extra demo --extra geoip)
"${compile[@]}" --group build -o requirements.lock
"${compile[@]}" --group dev -o requirements-dev.lock
