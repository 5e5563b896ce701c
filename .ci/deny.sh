#!/usr/bin/env bash
# Builds cargo-deny if this machine lacks it: unoptimised and in its own folder, since the build takes
# minutes and a run takes seconds. A second one waits for the first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v cargo-deny >/dev/null; then
    mkdir -p target/tools
    exec 9>target/tools/deny.lock
    flock 9
    [[ -x target/tools/bin/cargo-deny ]] ||
        CARGO_TARGET_DIR=target/tools/build cargo install cargo-deny --version '^0.20' --locked \
            --profile dev --config 'profile.dev.debug=false' --root target/tools --quiet
fi
