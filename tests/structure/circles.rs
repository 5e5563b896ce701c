//! No files of a crate depend on each other in a circle.

mod cursor;
mod file_graph;
mod module;
mod planted;
mod tokens;
mod use_tree;

use std::collections::BTreeMap;

use self::file_graph::{circles, edges};
use crate::sources;

/// The root package has no name. Not `protocol`: its state machines are types spread over several files.
const CRATES: [&str; 7] =
    ["", "supervision", "actors", "entities", "migration", "practice", "console"];

/// Where a crate's files are.
fn folder(name: &str) -> String {
    if name.is_empty() { "src/".to_owned() } else { format!("{name}/src/") }
}

/// The texts of a crate's files by their paths.
fn files_of(name: &str) -> BTreeMap<&'static str, &'static str> {
    let folder = folder(name);
    let files = sources::all().iter().filter(|it| it.is_rust() && it.path.starts_with(&folder));
    files.map(|it| (it.path.as_str(), it.text.as_str())).collect()
}

#[test]
fn no_files_of_a_crate_depend_on_each_other_in_a_circle() {
    let mut all = Vec::new();
    for name in CRATES {
        let (root, files) = (format!("{}lib.rs", folder(name)), files_of(name));
        let edges = edges(&root, &files);
        assert!(edges.len() > 4, "{name}: only {} files have edges", edges.len());
        all.extend(circles(&edges));
    }
    assert!(all.is_empty(), "files in circles:\n{}", all.join("\n"));
}

#[test]
fn practice_takes_only_the_identifiers_from_protocol() {
    let mut seen = 0;
    for (file, text) in files_of("practice") {
        for path in module::paths(text).iter().filter(|path| path[0] == "protocol") {
            assert_eq!(path[1], "ids", "{file} names {}", path.join("::"));
            seen += 1;
        }
    }
    assert!(seen > 0);
}
