//! The repository's text files, read from disk.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Kinds of files that are read.
const EXTENSIONS: [&str; 3] = ["rs", "md", "toml"];

/// A file of the repository.
pub(crate) struct Source {
    /// From the repository's root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The parts of the file that only tests compile or play, this test target left out.
    pub(crate) fn test_code(&self) -> &str {
        let path = self.path.as_str();
        if path.starts_with("tests/structure/") {
            return "";
        }
        let is_scenario = path.starts_with("examples/scenarios/");
        let in_tests = path.starts_with("tests/") || path.contains("/tests/");
        if is_scenario || (self.is_rust() && (in_tests || path.ends_with("/tests.rs"))) {
            return &self.text;
        }
        self.text.find("#[cfg(test)]\nmod ").map_or("", |from| &self.text[from..])
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// Every Rust, Markdown and TOML file, without build folders and hidden ones.
pub(crate) fn all() -> &'static [Source] {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut found = Vec::new();
        collect(root(), "", &mut found);
        assert!(found.len() > 100, "only {} files were found", found.len());
        found
    });
    &ALL
}

/// The text of one file.
pub(crate) fn read(path: &str) -> String {
    let file = root().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            let is_build_folder = entry.path().join("CACHEDIR.TAG").exists();
            if !name.starts_with('.') && !is_build_folder {
                collect(&entry.path(), &format!("{path}/"), found);
            }
        } else if EXTENSIONS.iter().any(|extension| name.ends_with(&format!(".{extension}"))) {
            found.push(Source { text: read(&path), path });
        }
    }
}
