#!/usr/bin/env bash
# The demonstration by the README's own command, in a folder of its own: it must end by itself, and
# the transcript must hold every word the caller said.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$1
mkdir -p "$scratch/demo"

cargo build --locked --quiet --manifest-path "$repository/Cargo.toml" --bin frontdesk
cd "$scratch/demo"
timeout 120 cargo run --locked --quiet --manifest-path "$repository/Cargo.toml" -- demo \
    2>&1 | tee "$scratch/demo.log"

for words in 'התקנת מנעול חכם' 'בתל אביב' 'כן'; do
    if ! grep -qE -- "caller[: ]+$words *\$" "$scratch/demo.log"; then
        echo "the transcript does not have: $words" >&2
        exit 1
    fi
done
grep -qE -- ' booked +from: .* until: ' "$scratch/demo.log" ||
    { echo 'no visit was booked' >&2; exit 1; }
[[ -s demo.wav ]] || { echo 'there is no recording' >&2; exit 1; }
