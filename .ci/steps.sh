# shellcheck shell=bash
# The steps of .ci/run, in the order in which a full run takes them; sourced by it.
# Steps that build share the build folder. A full run compiles the dependencies twice: once checked,
# for lints and documentation, and once built, for the demonstration and the tests.

# shellcheck source=.ci/postgres.sh
source .ci/postgres.sh

# shellcheck disable=SC2034  # read by .ci/run
steps=(tools files format unit lints dependencies features documentation fuzz demo console simulation tests)

# Installs what the other steps need and this machine lacks. One tool is built beside the steps that follow:
# its build, like theirs, ends on one core.
step_tools() {
    .ci/tools.sh
    .ci/deny.sh 2>/dev/null &
}

# Rules on source files: their length, and no mod.rs. And `just` has a recipe for every step.
step_files() {
    .ci/files.sh
    local step
    for step in "${steps[@]}"; do
        grep -qx "    .ci/run $step" justfile || { echo "justfile: no recipe for $step"; return 1; }
    done
}

step_format() {
    cargo fmt --all --check
    cargo fmt --manifest-path fuzz/Cargo.toml --check
}

# The unit that the Debian package installs is one that systemd takes, and it can do little harm.
step_unit() {
    local unit=$scratch/frontdesk.service
    # Its program need not be installed here.
    sed 's|^ExecStart=/usr/bin/frontdesk|ExecStart=/bin/true|' packaging/frontdesk.service >"$unit"
    systemd-analyze verify "$unit"
    systemd-analyze security --offline=true --threshold=15 "$unit" | tail -n 1
}

# Licences, bans and sources of the dependencies, and known vulnerabilities.
step_dependencies() {
    .ci/deny.sh
    .ci/dependencies.sh
}

step_lints() { cargo clippy --workspace --all-targets --locked --quiet -- -D warnings; }

# The daemon without its default features, and what no other build has: traces for a collector, and the mistakes that
# tests plant.
step_features() {
    cargo clippy --package frontdesk --no-default-features --features otel --all-targets --locked \
        --quiet -- -D warnings
    cargo test --package frontdesk --no-default-features --lib --locked --quiet
    cargo test --package mistakes --package protocol --package actors --lib --locked --quiet \
        --features protocol/mistakes,actors/mistakes
    cargo test --package frontdesk --lib --locked --quiet --features mistakes,otel \
        -- planted_mistakes telemetry
}

step_documentation() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet
}

# The fuzz targets compile. They are run by hand: fuzz/README.md.
step_fuzz() {
    cargo check --manifest-path fuzz/Cargo.toml --target-dir target/fuzz --locked --quiet
}

# The demo, run as the README has it.
step_demo() {
    # shellcheck disable=SC2154  # the run's folder for temporary files
    .ci/demo.sh "$scratch"
}

# Every page of the web console in a real browser.
step_console() { .ci/console.sh "$scratch"; }

# Chaos by seed. Fixed seeds decide. Fresh ones search: what they find is reported, and fails nothing.
step_simulation() {
    cargo build --locked --quiet
    local chaos=("${CARGO_TARGET_DIR:-target}/debug/frontdesk" simulate --chaos)
    "${chaos[@]}" --calls 2 --seed 1..=40
    # Several daemons on one database, which die, drain and are cut off from it.
    "${chaos[@]}" --nodes 2 --calls 2 --seed 1..=10
    # The same with more people who write than who call.
    "${chaos[@]}" --nodes 2 --calls 1 --seed 5010..=5016
    # These have found a mistake once.
    local first
    echo 30 32 37 | xargs --max-args=1 --max-procs="$(nproc)" "${chaos[@]}" --nodes 2 --calls 2 --seed
    echo 329 342 444 515 791 1044 1386 1757 2217 2594 2821 2994 3833 |
        xargs --max-args=1 --max-procs="$(nproc)" "${chaos[@]}" --calls 5 --seed
    first=$(date +%s)
    echo "fresh seeds: $first..=$((first + 19))"
    "${chaos[@]}" --calls 2 --seed "$first..=$((first + 19))" --for 30s ||
        echo 'a fresh seed breaks an invariant: keep its story as a test'
    # A call of three hours, frame by frame.
    cargo test --locked --quiet --test it renewal -- --ignored
}

# The tests as the README has them, on SQLite and PostgreSQL.
step_tests() {
    local log=$scratch/tests.log
    postgres_start
    cargo test --locked 2>&1 | tee "$log"
    awk '/^test result:/ {
             binaries++; passed += $4; failed += $6; ignored += $8
         }
         END {
             printf "tests: %d passed, %d failed, %d ignored, in %d binaries\n",
                    passed, failed, ignored, binaries
             exit (failed > 0 || passed == 0)
         }' "$log"
}
