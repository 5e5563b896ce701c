//! TOML whose errors name the line, the column and the key.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Located};

/// Reads a file as text.
pub(crate) fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

/// Reads `text`, the content of `file`, as a `T`.
pub(crate) fn from_toml<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Located> {
    let located = |error: &toml::de::Error, key: &str| {
        let place = error.span().map_or(0, |span| span.start);
        located_at(file, text, place, &with_key(key, error.message()))
    };
    let deserializer = toml::Deserializer::parse(text).map_err(|error| located(&error, "."))?;
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| located(error.inner(), &error.path().to_string()))
}

/// An error about `key`, at the key's place in `text`. If the key is not there, at the innermost
/// section that is, or at the beginning.
pub(crate) fn at_key(file: &Path, text: &str, key: &str, message: &str) -> Located {
    located_at(file, text, place_of(text, key), &with_key(key, message))
}

fn with_key(key: &str, message: &str) -> String {
    let message = message.trim().lines().map(str::trim).collect::<Vec<_>>().join(", ");
    if key == "." { message } else { format!("{key}: {message}") }
}

/// `place` is a byte offset into `text`.
fn located_at(file: &Path, text: &str, place: usize, message: &str) -> Located {
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
