//! Rules on the sources of this crate: what may be imported, and no circles between files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module path without `crate`, one entry per segment.
type Module = Vec<String>;

/// Every source file with its text, comments removed, by its module.
fn sources() -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![(root, Module::new())];
    while let Some((folder, module)) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let mut inner = module.clone();
            inner.extend((name != "lib").then_some(name));
            if path.is_dir() {
                folders.push((path, inner));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.insert(inner, code.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    found
}

/// The paths of all imports, braces expanded, and of all items named by a path from `crate`.
fn imports(code: &str) -> Vec<String> {
    let statements = code.split("use ").skip(1).filter_map(|rest| rest.split_once(';'));
    let trees = statements.map(|(tree, _)| tree.split_whitespace().collect::<String>());
    let named = words(code).filter(|word| word.starts_with("crate::")).map(str::to_owned);
    trees.flat_map(|tree| expanded(&tree)).chain(named).collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | ':')))
}

fn expanded(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in inner.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    let expand = |part: &String| expanded(&format!("{prefix}{part}"));
    parts.iter().filter(|part| !part.is_empty()).flat_map(expand).collect()
}

/// The file that an import of `module` leads to, if it is one of this crate's.
fn target(
    import: &str,
    module: &[String],
    files: &BTreeMap<Module, BTreeSet<Module>>,
) -> Option<Module> {
    let mut segments = import.split("::").peekable();
    let mut at = match *segments.peek()? {
        "crate" => {
            segments.next();
            Module::new()
        }
        "self" => {
            segments.next();
            module.to_vec()
        }
        "super" => {
            let mut at = module.to_vec();
            while segments.next_if_eq(&"super").is_some() {
                at.pop();
            }
            at
        }
        first => {
            let child = [module, &[first.to_owned()]].concat();
            files.contains_key(&child).then(|| module.to_vec())?
        }
    };
    for segment in segments {
        at.push(segment.to_owned());
        if !files.contains_key(&at) {
            at.pop();
            break;
        }
    }
    Some(at)
}

#[test]
fn only_the_identifiers_of_protocol_are_imported_and_no_other_crate_of_ours() {
    const OURS: [&str; 6] =
        ["actors", "entities", "frontdesk", "migration", "protocol", "supervision"];
    for (module, code) in sources() {
        for word in words(&code) {
            let is_ours = OURS.iter().any(|ours| word.starts_with(&format!("{ours}::")));
            let allowed = !is_ours || word.starts_with("protocol::ids::");
            assert!(allowed, "{} uses {word}", module.join("::"));
        }
    }
    let manifest = include_str!("../Cargo.toml");
    let dependencies =
        manifest.lines().filter(|line| OURS.iter().any(|ours| line.starts_with(ours)));
    assert_eq!(dependencies.collect::<Vec<_>>(), ["protocol.workspace = true"]);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let is_test = |module: &Module| module.iter().any(|name| name == "tests" || name == "sources");
    let mut files: BTreeMap<Module, BTreeSet<Module>> = sources
        .keys()
        .filter(|module| !is_test(module))
        .map(|m| (m.clone(), BTreeSet::new()))
        .collect();
    for (module, code) in sources.iter().filter(|(module, _)| !is_test(module)) {
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let targets =
            imports(code).into_iter().filter_map(|import| target(&import, module, &files));
        let targets = targets.filter(|target| target != module).collect();
        files.insert(module.clone(), targets);
    }
    // Files that import nothing are taken away until none is left.
    while let Some(leaf) = files.iter().find(|(_, targets)| targets.is_empty()) {
        let leaf = leaf.0.clone();
        files.remove(&leaf);
        for targets in files.values_mut() {
            targets.remove(&leaf);
        }
    }
    let left: Vec<_> = files.keys().map(|module| module.join("::")).collect();
    assert!(left.is_empty(), "these files are in a circle, or import one: {left:?}");
}

#[test]
fn imports_are_read_with_braces_and_relative_paths() {
    let code = "use super::{a::{B, C}, d};\npub(super) use self::e::F;\nuse std::fmt;";
    let found = ["super::a::B", "super::a::C", "super::d", "self::e::F", "std::fmt"];
    assert_eq!(imports(code), found);
}
