#!/usr/bin/env bash
# Checks licences, bans and sources of all dependencies, and known vulnerabilities if the advisory
# database can be fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PATH:$PWD/target/tools/bin"

deny() { cargo deny --locked --workspace "$@"; }

said=$(deny check --hide-inclusion-graph licenses bans sources 2>&1) || {
    echo "$said"
    exit 1
}
tail -n 1 <<<"$said"
twice=$(sed -n "s/^warning\[duplicate\]: found .* for crate '\(.*\)'/\1/p" <<<"$said" | paste -sd ' ')
echo "in more than one version: ${twice:-none}"

if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
    deny check --hide-inclusion-graph advisories
else
    echo "advisories: SKIPPED, the advisory database can't be fetched from here"
fi
