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

# What is pure in the scripts.
mkdir "$scratch/browser/assets"
cp console/assets/*.js "$scratch/browser/assets/"
echo '{"type": "module"}' >"$scratch/browser/assets/package.json"
node --test "$scratch/browser/sound.test.mjs"

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

# The same with a microphone. The daemon takes its model for OpenAI's; the practice server is behind that address.
cargo build --package practice --example openai --locked --quiet
"$target/debug/examples/openai" >"$scratch/openai.log" 2>&1 &
until grep -q '^ws:' "$scratch/openai.log"; do sleep 0.1; done
# The greeting is long, and the microphone's beeps interrupt it after 3 s.
mkdir "$scratch/spoken"
sed -e '/^\[greeting\]/,/^$/d' -e '/^\[barge_in\]/,/^$/d' examples/businesses/tel-aviv-locks.toml >"$scratch/spoken/business.toml"
cat >>"$scratch/spoken/business.toml" <<'TOML'

[greeting]
text = "שלום, הגעתם למנעולי תל אביב. אנחנו פורצים, מתקינים ומחליפים מנעולים בכל העיר, בכל שעות היום, ביתר ימות השבוע. במה אפשר לעזור?"
protected = false

[barge_in]
preset = "instant"
guard = "3s"
TOML
cd "$scratch/spoken"
export FRONTDESK__OPENAI__PROVIDER=openai FRONTDESK__OPENAI__API_KEY=practice
FRONTDESK__OPENAI__REALTIME_URL=$(grep '^ws:' "$scratch/openai.log")
export FRONTDESK__OPENAI__REALTIME_URL FRONTDESK__TWILIO__API_URL=http://127.0.0.1:9
export FRONTDESK__TWILIO__AUTH_TOKEN=00112233445566778899aabbccddeeff
export FRONTDESK__DATABASE__URL='sqlite://spoken.db?mode=rwc' FRONTDESK__SERVER__LISTEN=127.0.0.1:0
export FRONTDESK__CONSOLE__LISTEN=127.0.0.1:0
frontdesk=$target/debug/frontdesk
"$frontdesk" business import business.toml >/dev/null
password=$("$frontdesk" user add demo --role admin --generate)
"$frontdesk" serve >"$scratch/spoken.log" 2>&1 &
listens() { grep -o 'console_address=.*' "$scratch/spoken.log" | grep -o '127\.0\.0\.1:[0-9]*' | head -n 1; }
until listens >/dev/null; do sleep 0.1; done
node "$scratch/browser/microphone.mjs" "http://$(listens)" "$target/console" demo "$password"
