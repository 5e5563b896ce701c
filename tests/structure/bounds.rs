//! Every bound and every wait of the daemon is named in `docs/bounds.md`, with its constant.

use std::collections::BTreeSet;

use crate::code_marks::constants_of;
use crate::sources::{self, Source};

/// The daemon's crates.
const CRATES: [&str; 6] =
    ["actors/src/", "entities/src/", "migration/src/", "protocol/src/", "src/", "supervision/src/"];

/// What plays calls on one machine, and is no part of a daemon that answers them.
const TOOLS: [&str; 4] = ["src/bench", "src/chaos", "src/demo", "src/simulate"];

/// Parts of a name that say that the constant is a bound.
const BOUNDS: [&str; 6] = ["MOST", "MAX", "LONGEST", "CAPACITY", "TRIES", "LIMIT"];

/// Durations that others are multiples of.
const UNITS: [&str; 4] = ["SECOND", "MINUTE", "HOUR", "DAY"];

fn is_of_the_daemon(source: &Source) -> bool {
    let path = source.path.as_str();
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    let starts = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
    source.is_rust() && !is_test && starts(&CRATES) && !starts(&TOOLS)
}

/// The constants of a file that bound something, without those of its tests.
fn bounds_of(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let declared =
        code.lines().filter_map(|line| line.split_once("const ")).filter(|(before, _)| {
            let before = before.trim();
            before.is_empty() || before.starts_with("pub")
        });
    let typed = declared.filter_map(|(_, rest)| rest.split_once(": "));
    let bounds = typed.filter(|(name, rest)| {
        let kind = rest.split('=').next().unwrap_or_default();
        let is_bound = name.split('_').any(|part| BOUNDS.contains(&part));
        (is_bound || kind.contains("Duration")) && !UNITS.contains(name)
    });
    bounds.map(|(name, _)| name).collect()
}

#[test]
fn every_bound_and_every_wait_is_named_in_the_table() {
    let page = sources::read("docs/bounds.md");
    let named: BTreeSet<(&str, &str)> = constants_of(&page).collect();
    let mut missing = Vec::new();
    for source in sources::all().iter().filter(|source| is_of_the_daemon(source)) {
        for name in bounds_of(&source.text) {
            if !named.contains(&(name, source.path.as_str())) {
                missing.push(format!("`{name}` in `{}`", source.path));
            }
        }
    }
    assert!(missing.is_empty(), "docs/bounds.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn bounds_and_waits_are_told_from_other_constants() {
    let text = "const MAX_CALLS: usize = 4;\npub(super) const PAUSE: Duration = X;\n\
                const DAY: Duration = X;\nconst NAME: &str = \"x\";\n// const MOST: u8\n    \
                const RETRY: [Duration; 2] =\nconst FIRST_MOSTLY: u8 = 1;\nfn f(const MAX: u8) {}\n\
                #[cfg(test)]\nmod tests {\n    const MOST: u8 = 1;\n";
    assert_eq!(bounds_of(text), ["MAX_CALLS", "PAUSE", "RETRY"]);
}
