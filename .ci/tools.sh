#!/usr/bin/env bash
# Installs what the steps need and this machine lacks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

have() { command -v "$1" >/dev/null; }

packages() {
    local as=()
    if [[ $(id -u) -ne 0 ]]; then as=(sudo -n); fi
    "${as[@]}" apt-get update -q
    DEBIAN_FRONTEND=noninteractive "${as[@]}" apt-get install -q -y --no-install-recommends "$@"
}

have cargo || { echo 'cargo is missing: install Rust (https://rustup.rs)' >&2; exit 1; }
cargo --version
cargo fmt --version || rustup component add rustfmt
cargo clippy --version || rustup component add clippy
# ring and SQLite contain C, the fuzzing engine C++.
{ have cc && have c++; } || packages build-essential

# It checks the unit of the package.
have systemd-analyze || packages systemd
