#!/usr/bin/env bash
# Build the editor of the SQL page from npm's CodeMirror 6 into one file, with the licences of what is in it.
# For another version: change package.json, run this, and change the name in dashboards/assets/on_demand/sql_editor.js.
set -euo pipefail
cd "$(dirname "$0")/codemirror"
vendor=../../dashboards/assets/vendor
if [ -e package-lock.json ]; then npm ci --silent; else npm install --silent; fi
# Where scripts of packages may not run on installing.
node node_modules/esbuild/install.js
npx esbuild entry.js --bundle --minify --format=iife --global-name=CodeMirror --target=es2022 --charset=utf8 \
  --legal-comments=none --metafile=node_modules/meta.json --outfile="$vendor/codemirror-6.43.15.min.js"
# Of the packages whose code came into the file.
node --input-type=module > "$vendor/LICENSE-codemirror" <<'JS'
import { readFileSync } from "node:fs";
const { inputs } = JSON.parse(readFileSync("node_modules/meta.json", "utf8"));
const packages = new Set(Object.keys(inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean));
const byText = new Map();
for (const name of [...packages].sort()) {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
  byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
}
for (const [text, names] of byText) console.log(`${names.join(", ")}\n\n${text}\n`);
JS
gzip -9c "$vendor/codemirror-6.43.15.min.js" | wc -c
