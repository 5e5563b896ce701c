# Steps with a heading and a time; sourced by .ci/run.

current_step=start

# step NAME COMMAND…: runs one step; the first that fails ends the run.
step() {
    current_step=$1
    shift
    local began=$SECONDS
    printf '\n=== %s\n' "$current_step"
    "$@"
    printf -- '--- %s: %d s\n' "$current_step" "$((SECONDS - began))"
}

# run_tests LOG: the tests as the README has them, on both databases, and a copy of what they say.
run_tests() {
    cargo test --locked 2>&1 | tee "$1"
}

# summary LOG: what all test binaries said, in one line.
summary() {
    awk '/^test result:/ {
             binaries++; passed += $4; failed += $6; ignored += $8
         }
         END {
             printf "tests: %d passed, %d failed, %d ignored, in %d binaries\n",
                    passed, failed, ignored, binaries
             exit (failed > 0 || passed == 0)
         }' "$1"
}
