//! Each of our crates depends only on those below it, by its `Cargo.toml`.

use std::collections::BTreeSet;

use crate::sources;

/// A crate, the crates of ours that it may depend on, and those that its tests may use too.
const RULES: [(&str, &[&str], &[&str]); 8] = [
    ("mistakes", &[], &[]),
    ("protocol", &["mistakes"], &[]),
    ("supervision", &[], &[]),
    ("practice", &["protocol"], &[]),
    ("migration", &[], &[]),
    ("console", &["protocol"], &[]),
    ("entities", &["protocol"], &["migration"]),
    ("actors", &["mistakes", "protocol", "entities", "supervision"], &["migration"]),
];

#[test]
fn each_crate_depends_only_on_the_crates_below_it() {
    let ours: Vec<&str> = RULES.iter().map(|(name, ..)| *name).chain(["frontdesk"]).collect();
    for (name, allowed, in_tests) in RULES {
        let manifest = sources::read(&format!("{name}/Cargo.toml"));
        for dependency in dependencies(&manifest, &ours, false) {
            assert!(allowed.contains(&&*dependency), "{name} depends on {dependency}");
        }
        for dependency in dependencies(&manifest, &ours, true) {
            let may = allowed.contains(&&*dependency) || in_tests.contains(&&*dependency);
            assert!(may, "the tests of {name} depend on {dependency}");
        }
    }
}

/// The dependencies in a manifest that are among `ours`, those of tests with `dev` and the others
/// without.
fn dependencies(manifest: &str, ours: &[&str], dev: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let parts: Vec<_> = section.split('.').collect();
            let kind = parts.iter().position(|part| part.ends_with("dependencies"));
            inside = kind.is_some_and(|kind| (parts[kind] == "dev-dependencies") == dev);
            // As in `[dependencies.name]`.
            let named = kind.and_then(|kind| parts.get(kind + 1));
            found.extend(named.filter(|_| inside).map(|name| (*name).to_owned()));
        } else if inside && !line.starts_with('#') {
            let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.insert(key.trim_matches('"').to_owned());
            // As in `other-name = { package = "name" }`.
            found.extend(renamed(line));
        }
    }
    found.retain(|name| ours.contains(&name.as_str()));
    found
}

/// Builds hold no [mistakes](../../mistakes/src/lib.rs) unless somebody asks for the feature by name.
#[test]
fn no_manifest_turns_the_mistakes_on() {
    let manifests = RULES.iter().map(|(name, ..)| format!("{name}/"));
    let manifests = manifests.chain(["".to_owned(), "benches/".to_owned(), "fuzz/".to_owned()]);
    let mut holders = 0;
    for folder in manifests {
        let manifest = sources::read(&format!("{folder}Cargo.toml"));
        assert!(!turns_mistakes_on(&manifest), "{folder}Cargo.toml");
        holders += usize::from(manifest.contains("mistakes = [\"dep:mistakes\""));
    }
    assert_eq!(holders, 3, "frontdesk, actors and protocol have the feature");
}

/// Whether the mistakes are in a build that does not name their feature. Among others, if another crate's
/// feature is asked for in a dependency, or stands in a feature of another name.
fn turns_mistakes_on(manifest: &str) -> bool {
    manifest.lines().any(|line| {
        let (key, value) = line.split_once('=').unwrap_or_default();
        match key.trim() {
            "mistakes" if value.trim_start().starts_with('[') => false,
            "mistakes" if value.contains("path =") => false,
            "mistakes" => !value.contains("optional = true"),
            "mistakes.workspace" => true,
            "name" | "description" | "members" | "default-members" => false,
            _ => value.contains("mistakes"),
        }
    })
}

#[test]
fn each_way_to_turn_the_mistakes_on_is_found() {
    let dormant = r#"
        name = "mistakes"
        mistakes = { path = "mistakes" }
        mistakes = ["dep:mistakes", "protocol/mistakes"]
        mistakes = { workspace = true, optional = true }
    "#;
    assert!(!turns_mistakes_on(dormant));
    for awake in [
        "mistakes.workspace = true",
        "mistakes = { workspace = true }",
        r#"default = ["practice", "mistakes"]"#,
        r#"practice = ["dep:practice", "actors/mistakes"]"#,
        r#"actors = { workspace = true, features = ["mistakes"] }"#,
    ] {
        assert!(turns_mistakes_on(awake), "{awake}");
    }
}

fn renamed(line: &str) -> Option<String> {
    let (_, after) = line.split_once("package")?;
    Some(after.split('"').nth(1)?.to_owned())
}

#[test]
fn each_way_to_write_a_dependency_is_found() {
    let manifest = r#"
        [package]
        name = "a"
        [dependencies]
        b.workspace = true
        c = { path = "../c" }
        other = { package = "d", path = "../d" }
        tokio = "1"
        [dependencies.e]
        path = "../e"
        [target.'cfg(unix)'.dependencies]
        f.workspace = true
        [build-dependencies]
        "g" = "1"
        [dev-dependencies]
        h.workspace = true
    "#;
    let ours = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let names = |dev| dependencies(manifest, &ours, dev).into_iter().collect::<String>();
    assert_eq!(names(false), "bcdefg");
    assert_eq!(names(true), "h");
}
