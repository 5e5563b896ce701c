#!/usr/bin/env bash
# Looks at every page of the console in a real browser: console/check.mjs says for what. The first argument is a folder for
# temporary files. Pictures of all pages stay in the build folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scratch=$1
target=${CARGO_TARGET_DIR:-target}

packages() {
    local as=()
    if [[ $(id -u) -ne 0 ]]; then as=(sudo -n); fi
    "${as[@]}" apt-get update -q
    DEBIAN_FRONTEND=noninteractive "${as[@]}" apt-get install -q -y --no-install-recommends "$@"
}

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v npm >/dev/null || missing+=(nodejs npm)
[[ -d /usr/share/fonts/truetype/noto ]] || missing+=(fonts-noto-core)
[[ ${#missing[@]} -eq 0 ]] || packages "${missing[@]}"
# The accessibility checker, and what drives the browser. They are no part of the product.
npm install --prefix "$scratch/browser" --no-save --no-audit --no-fund --silent axe-core@4 puppeteer-core@24

cargo build --package console --example gallery --locked --quiet
"$target/debug/examples/gallery" 127.0.0.1:0 2>"$scratch/gallery.log" &
gallery=$!
trap 'kill "$gallery"' EXIT
for _ in {1..50}; do
    address=$(grep -o 'http://[^/]*' "$scratch/gallery.log" || true)
    [[ -n $address ]] && break
    sleep 0.1
done
cp .ci/console/check.mjs "$scratch/browser/"
node "$scratch/browser/check.mjs" "$address" "$target/console" "${@:2}"
