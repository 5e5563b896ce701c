//! What README.md, ARCHITECTURE.md and `docs/` name in code marks exists: files, types and functions;
//! and so do the files that any Markdown file links to.

use std::collections::BTreeSet;
use std::path::Path;

use crate::sources::{self, Source};

/// Endings by which a code mark is taken for a file's name.
const FILES: [&str; 6] = [".rs", ".md", ".toml", ".txt", ".sh", ".yml"];

/// Names of other people's, in code marks that look like types of ours.
const FOREIGN: [&str; 3] = ["Upgrade", "Connection", "Authorization"];

/// A Rust file's names: its identifiers, and the parts of its path.
struct Names<'a>(BTreeSet<&'a str>);

impl<'a> Names<'a> {
    fn of(source: &'a Source) -> Self {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let path = source.path.trim_end_matches(".rs").split(['/', '-']);
        Self(source.text.split(|letter| !is_part(letter)).chain(path).collect())
    }
}

fn pages() -> impl Iterator<Item = &'static Source> {
    let is_ours =
        |path: &str| matches!(path, "README.md" | "ARCHITECTURE.md") || path.starts_with("docs/");
    sources::all().iter().filter(move |it| it.is_markdown() && is_ours(&it.path))
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_block = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        !in_block && !is_fence
    })
}

/// The texts in code marks.
fn code_marks(text: &str) -> Vec<&str> {
    prose(text).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// A file or folder of this repository, as a code mark names it.
fn file_of(mark: &str) -> Option<&str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    if mark.starts_with('/') || !mark.chars().all(is_plain) {
        return None;
    }
    // What a build leaves is no file of the repository.
    let is_ours = |first: &str| !first.is_empty() && first != "target";
    let in_root = |first: &str| is_ours(first) && sources::root().join(first).is_dir();
    let is_below = mark.split_once('/').is_some_and(|(first, _)| in_root(first));
    let is_named = FILES.iter().any(|ending| mark.ends_with(ending) && mark != *ending);
    (is_below || is_named).then_some(mark)
}

/// The names of a type, or of a path such as `Uplink::next`.
fn names_of(mark: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = mark.trim_end_matches("()").split("::").collect();
    let is_name = |part: &&str| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(letters)
    };
    let is_type = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_uppercase())
            && part.contains(|letter: char| letter.is_ascii_lowercase())
    };
    let ours = parts.iter().all(is_name) && (parts.len() > 1 || is_type(mark));
    (ours && !FOREIGN.contains(&mark)).then_some(parts)
}

#[test]
fn every_file_in_a_code_mark_exists() {
    let mut missing = Vec::new();
    for page in pages() {
        for file in code_marks(&page.text).into_iter().filter_map(file_of) {
            if !sources::root().join(file).exists() {
                missing.push(format!("{}: {file}", page.path));
            }
        }
    }
    assert!(missing.is_empty(), "there is no such file:\n{}", missing.join("\n"));
}

/// The last two names of a path must stand in one file together.
#[test]
fn every_type_and_function_in_a_code_mark_exists() {
    let sources = sources::all();
    let ours = sources.iter().filter(|it| it.is_rust() && !it.path.starts_with("tests/structure/"));
    let known: Vec<Names<'_>> = ours.map(Names::of).collect();
    let mut missing = Vec::new();
    for page in pages() {
        for mark in code_marks(&page.text) {
            let Some(names) = names_of(mark) else { continue };
            let last = &names[names.len().saturating_sub(2)..];
            let holds = |file: &Names<'_>| last.iter().all(|name| file.0.contains(name));
            if !known.iter().any(holds) {
                missing.push(format!("{}: {mark}", page.path));
            }
        }
    }
    assert!(missing.is_empty(), "nothing has such a name:\n{}", missing.join("\n"));
}

/// `CONSTANT` in `file.rs`, as it stands in the prose and tables of a page.
pub(crate) fn constants_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = prose(text).flat_map(|line| {
        let parts: Vec<&str> = line.split('`').collect();
        let threes = parts.windows(3).filter(|three| three[1] == " in ");
        threes.map(|three| (three[0], three[2])).collect::<Vec<_>>()
    });
    let is_constant = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    pairs.filter(move |(name, file)| is_constant(name) && file.ends_with(".rs"))
}

#[test]
fn every_constant_is_in_the_file_that_is_named_beside_it() {
    let mut missing = Vec::new();
    for page in pages() {
        for (name, file) in constants_of(&page.text) {
            let source = sources::all().iter().find(|it| it.path == file);
            if !source.is_some_and(|it| it.text.contains(&format!("const {name}: "))) {
                missing.push(format!("{}: {name} in {file}", page.path));
            }
        }
    }
    assert!(missing.is_empty(), "no such constant there:\n{}", missing.join("\n"));
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    let mut broken = Vec::new();
    for page in sources::all().iter().filter(|it| it.is_markdown()) {
        let folder = Path::new(&page.path).parent().unwrap();
        let links = prose(&page.text).flat_map(|line| line.split("](").skip(1));
        for link in links.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap();
            let is_local = !file.is_empty() && !file.contains(':');
            if is_local && !sources::root().join(folder).join(file).exists() {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(broken.is_empty(), "these links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn files_and_types_are_told_from_other_code_marks() {
    let text = "`actors/src/lib.rs` and `Uplink::next`\n```sh\n`not/here.rs`\n```\n`config.toml`";
    assert_eq!(code_marks(text), ["actors/src/lib.rs", "Uplink::next", "config.toml"]);
    assert_eq!(file_of("actors/src"), Some("actors/src"));
    for other in
        ["/api/leads", "application/json", "server.listen", "Uplink::next", "a b.rs", ".rs"]
    {
        assert_eq!(file_of(other), None, "{other}");
    }
    let table = "| 64 | `MOST` in `src/page.rs` |\nthe `Uplink` in `src/lib.rs`";
    assert_eq!(constants_of(table).collect::<Vec<_>>(), [("MOST", "src/page.rs")]);
    assert_eq!(names_of("Uplink::next"), Some(vec!["Uplink", "next"]));
    assert_eq!(names_of("CallActor"), Some(vec!["CallActor"]));
    for other in ["serve", "POST", "Idempotency-Key", "clear", "server.listen", "Upgrade"] {
        assert_eq!(names_of(other), None, "{other}");
    }
}
