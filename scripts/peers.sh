#!/usr/bin/env bash
# Install the real gateways, agents and servers that tests speak to, where they are missing and can be had; without one of
# them its tests say why they skip.
set -euo pipefail
cd "$(dirname "$0")/.."

# Program or file, and the Debian package that has it.
peers=(
  nginx:nginx-light
  haproxy:haproxy
  apache2:apache2-bin
  prometheus:prometheus
  prometheus-node-exporter:prometheus-node-exporter
  prometheus-alertmanager:prometheus-alertmanager
  logrotate:logrotate
  goaccess:goaccess
  openssl:openssl
  curl:curl
  java:default-jdk-headless
  npm:npm
  /usr/share/java/log4j-core.jar:liblog4j2-java
  /usr/share/java/jackson-databind.jar:libjackson2-databind-java
)
missing=()
for peer in "${peers[@]}"; do
  PATH="$PATH:/usr/sbin" command -v "${peer%%:*}" >/dev/null || [ -e "${peer%%:*}" ] || missing+=("${peer##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
  scripts/apt.sh "${missing[@]}" || echo "Could not install ${missing[*]}: their tests will be skipped." >&2
fi
if command -v npm >/dev/null; then
  npm ci --prefix tests/node --silent || echo "Could not install Node's clients: their tests will be skipped." >&2
fi
