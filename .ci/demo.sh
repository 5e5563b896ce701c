#!/usr/bin/env bash
# Runs the demo as the README has it, in an empty folder. It must end by itself, with every word of
# the caller's in the transcript, a booked visit, a message that was answered once, and a recording.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$1
mkdir -p "$scratch/demo"

cargo build --locked --quiet --manifest-path "$repository/Cargo.toml" --bin frontdesk
cd "$scratch/demo"
# Outside the repository cargo does not find its settings, and would build everything again without them.
timeout 120 cargo run --config "$repository/.cargo/config.toml" --locked --quiet \
    --manifest-path "$repository/Cargo.toml" -- demo 2>&1 | tee "$scratch/demo.log"

for words in 'התקנת מנעול חכם' 'בתל אביב' 'כן'; do
    if ! grep -qE -- "caller[: ]+$words *\$" "$scratch/demo.log"; then
        echo "missing in the transcript: $words" >&2
        exit 1
    fi
done
grep -qE -- ' booked +from: .* until: ' "$scratch/demo.log" ||
    { echo 'no visit was booked' >&2; exit 1; }
# After the call: one message of the caller's, one answer.
for line in ' writes +תודה! ומה המחיר\?' ' answer +.*המחיר' 'message +to: .* status: delivered'; do
    [[ $(grep -cE -- "$line" "$scratch/demo.log") -eq 1 ]] ||
        { echo "not once in the output: $line" >&2; exit 1; }
done
[[ -s demo.wav ]] || { echo 'demo.wav is missing or empty' >&2; exit 1; }
