//! The two languages say the same, and nothing that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use console::settings::{KEYS, Kind};

/// Every message of a language: its key, and the arguments in it.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for file in files(&root().join("texts").join(language), "ftl") {
        let text = read(&file);
        let parsed = fluent_bundle::FluentResource::try_new(text.clone());
        assert!(parsed.is_ok(), "{}: {:?}", file.display(), parsed.err().map(|(_, wrong)| wrong));
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                key = name.to_owned();
                assert!(
                    found.insert(key.clone(), BTreeSet::new()).is_none(),
                    "{key} is there twice"
                );
            }
            let arguments = line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(|it| it.is_ascii_alphanumeric()).collect::<String>()
            });
            found.entry(key.clone()).or_default().extend(arguments);
        }
    }
    found.remove("");
    assert!(found.len() > 400, "only {} texts", found.len());
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|it| it == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn con_6_both_languages_have_every_text_with_the_same_arguments() {
    let (hebrew, english) = (messages("he"), messages("en"));
    let keys = |all: &BTreeMap<String, _>| all.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(keys(&hebrew), keys(&english));
    let other = hebrew.iter().filter(|(key, arguments)| english[*key] != **arguments);
    assert_eq!(other.count(), 0);
}

#[test]
fn con_6_every_text_is_used_and_the_settings_have_all_of_theirs() {
    let mut sources = String::new();
    for file in
        files(&root().join("src"), "rs").iter().chain(&files(&root().join("templates"), "html"))
    {
        sources.push_str(&read(file));
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    for key in KEYS {
        used.insert(key.text());
        used.insert(format!("{}-help", key.text()));
        if let Kind::Choice(words) = key.kind {
            used.extend(words.iter().map(|word| key.choice_text(word)));
        }
    }
    // Those of the slug and of what has a page of its own are used by name, or by the table of changes.
    let known = messages("en");
    let missing: Vec<&String> = used.iter().filter(|key| !known.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let unused =
        known.keys().filter(|key| !used.contains(*key) && !sources.contains(&format!("\"{key}\"")));
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn con_6_hebrew_counts_one_and_two_in_words_of_their_own() {
    let text = read(&root().join("texts/he/common.ftl"));
    let plurals = text.matches("{ $count ->").count();
    assert_eq!((text.matches("[one]").count(), text.matches("[two]").count()), (plurals, plurals));
}
