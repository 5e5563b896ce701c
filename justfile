# Each recipe runs one step of .ci/run. `just` alone lists them.

[private]
list:
    @just --list --unsorted

# Run everything that a change must pass
ci:
    .ci/run

# Install what the other steps need
tools:
    .ci/run tools

# Check the length and names of source files
files:
    .ci/run files

# Check the formatting; `cargo fmt --all` repairs it
format:
    .ci/run format

# Check the systemd unit
unit:
    .ci/run unit

# Check licences, sources and known vulnerabilities of the dependencies
dependencies:
    .ci/run dependencies

# Run Clippy on everything
lints:
    .ci/run lints

# Check the daemon without its optional features, and the mistakes that tests plant
features:
    .ci/run features

# Build the API documentation
documentation:
    .ci/run documentation

# Check that the fuzz targets compile
fuzz:
    .ci/run fuzz

# Run the demo and check what it prints
demo:
    .ci/run demo

# Look at every page of the web console in Chromium
console:
    .ci/run console

# Play chaos by seed: fixed seeds, and fresh ones
simulation:
    .ci/run simulation

# Run all tests, on SQLite and PostgreSQL
tests:
    .ci/run tests
