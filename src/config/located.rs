//! TOML with places: every fault in a file is told with its line, its column and its key.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;

/// A fault at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}:{line}:{column}: {message}", file.display())]
pub struct Located {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The key, what is wrong with it and what was expected.
    pub message: String,
}

/// Reads a file as text.
pub(crate) fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

/// Reads `text`, which stands in `file`, as a `T`.
pub(crate) fn from_toml<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Located> {
    let fault = |error: &toml::de::Error, key: &str| {
        let place = error.span().map_or(0, |span| span.start);
        located(file, text, place, &told(key, error.message()))
    };
    let deserializer = toml::Deserializer::parse(text).map_err(|error| fault(&error, "."))?;
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| fault(error.inner(), &error.path().to_string()))
}

/// `message` about `key`, placed where the key stands in `text`; where it doesn't, at the nearest
/// section around it, or at the beginning.
pub(crate) fn at_key(file: &Path, text: &str, key: &str, message: &str) -> Located {
    located(file, text, place_of(text, key), &told(key, message))
}

fn told(key: &str, message: &str) -> String {
    let message = message.trim().lines().map(str::trim).collect::<Vec<_>>().join(", ");
    if key == "." { message } else { format!("{key}: {message}") }
}

fn located(file: &Path, text: &str, place: usize, message: &str) -> Located {
    let before = text.get(..place).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Located {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message: message.to_owned(),
    }
}

fn place_of(text: &str, key: &str) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 0 };
    let mut table = root.get_ref();
    let mut place = 0;
    for part in key.split('.') {
        let Some((name, value)) = table.get_key_value(part) else { break };
        place = name.span().start;
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => break,
        }
    }
    place
}
