//! What decides by chance, so that a run could not be repeated, is not written.

use crate::sources::{self, Source};

fn rust() -> impl Iterator<Item = &'static Source> {
    sources::all().iter().filter(|it| it.is_rust() && !it.path.starts_with("tests/structure/"))
}

/// An unbiased `select!` begins with a branch of tokio's choice.
#[test]
fn every_select_is_biased() {
    let mut selects = 0;
    for source in rust() {
        for (at, select) in source.text.match_indices("select! {") {
            let branches = source.text[at + select.len()..].lines().map(str::trim);
            let first = branches.into_iter().find(|it| !it.is_empty() && !it.starts_with("//"));
            let line = source.text[..at].lines().count();
            assert_eq!(first, Some("biased;"), "{}:{line}", source.path);
            selects += 1;
        }
    }
    assert!(selects > 10, "only {selects} were found");
}
