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

# The address that a program prints once it listens.
address_in() {
    local address
    for _ in {1..600}; do
        address=$(grep -o 'http://[0-9.:]*' "$1" | head -n 1 || true)
        [[ -n $address ]] && { echo "$address"; return; }
        sleep 0.1
    done
    cat "$1" >&2
    return 1
}

cargo build --package console --example gallery --locked --quiet
cargo build --locked --quiet
target=$(realpath "$target")
cp .ci/console/*.mjs "$scratch/browser/"
trap 'jobs -p | xargs --no-run-if-empty kill' EXIT

"$target/debug/examples/gallery" 127.0.0.1:0 2>"$scratch/gallery.log" &
node "$scratch/browser/check.mjs" "$(address_in "$scratch/gallery.log")" "$target/console" "${@:2}"
[[ $# -gt 1 ]] && exit

# The same by a daemon, as its users use it.
mkdir "$scratch/console"
(cd "$scratch/console" && exec "$target/debug/frontdesk" demo --console --listen 127.0.0.1:0) >"$scratch/daemon.log" 2>&1 &
address=$(address_in "$scratch/daemon.log")
until grep -q '^password' "$scratch/daemon.log"; do sleep 0.1; done
word() { awk -v name="$1" '$1 == name { print $2; exit }' "$scratch/daemon.log"; }
node "$scratch/browser/daemon.mjs" "$address" "$target/console" "$(word user)" "$(word password)"
