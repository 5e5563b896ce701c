//! TOML whose errors name the line, the column and the key.
//!
//! Every file is turned into a [`serde_json::Value`] before serde reads it. serde's code for a type is
//! compiled once for each kind of input, so one kind of input saves seconds of every build.

use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use serde_path_to_error::{Path as KeyPath, Segment};
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Located};
use super::words::in_words;

/// What serde has to say about a value, and where in it.
pub(crate) type Misread = serde_path_to_error::Error<serde_json::Error>;

/// Reads a file as text.
pub(crate) fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

/// Reads `text`, the content of `file`, as a table.
pub(crate) fn table(file: &Path, text: &str) -> Result<toml::Table, Located> {
    text.parse().map_err(|error: toml::de::Error| {
        let span = error.span().unwrap_or_default();
        let (key, message) = malformed(text, &error, span.clone());
        located_at(file, text, span.start, &with_key(&key, &message))
    })
}

/// The key that an error of the parser is about, or "." if that is the file, and the error in words.
fn malformed(text: &str, error: &toml::de::Error, span: Range<usize>) -> (String, String) {
    let message = error.message();
    if message.starts_with("duplicate key") {
        let name = text.get(span).unwrap_or_default().trim();
        return (".".to_owned(), format!("the key `{name}` is there twice"));
    }
    if message.contains(" as i128") || message.contains("out of range") {
        let number = text.get(span.clone()).unwrap_or_default().trim();
        let key = key_at(text, span.start).unwrap_or_else(|| ".".to_owned());
        return (
            key,
            format!("is the whole number `{number}`, which is larger than any key takes"),
        );
    }
    (".".to_owned(), message.to_owned())
}

/// The path of the key whose value is at this byte.
fn key_at(text: &str, place: usize) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let mut path = Vec::new();
    let mut table = Some(root.get_ref());
    while let Some(keys) = table {
        let mut holds = keys.iter().filter(|(_, value)| value.span().contains(&place));
        // The span of a section is that of its head.
        let sections = || {
            keys.iter()
                .filter(|(name, value)| value.get_ref().is_table() && name.span().start <= place)
        };
        let found = holds.next().or_else(|| sections().max_by_key(|(name, _)| name.span().start));
        let Some((name, value)) = found else { break };
        path.push(name.get_ref().to_string());
        table = value.get_ref().as_table();
    }
    (!path.is_empty()).then(|| path.join("."))
}

/// Reads `text`, the content of `file`, by `read`.
pub(crate) fn from_toml<T>(
    file: &Path,
    text: &str,
    read: impl FnOnce(Value) -> Result<T, Misread>,
) -> Result<T, Located> {
    read(to_json(table(file, text)?)).map_err(|error| {
        let message = error.inner().to_string();
        let place = place_of_error(text, error.path(), &message);
        located_at(file, text, place, &with_key(&error.path().to_string(), &in_words(&message)))
    })
}

/// Reads a value as a `T`.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Misread> {
    serde_path_to_error::deserialize(value)
}

pub(crate) fn to_json(table: toml::Table) -> Value {
    fn json(value: toml::Value) -> Value {
        match value {
            toml::Value::String(text) => Value::String(text),
            toml::Value::Integer(number) => Value::Number(number.into()),
            // Infinities and NaN have no place in JSON. No key takes them.
            toml::Value::Float(number) => {
                Number::from_f64(number).map_or(Value::Null, Value::Number)
            }
            toml::Value::Boolean(truth) => Value::Bool(truth),
            toml::Value::Datetime(at) => Value::String(at.to_string()),
            toml::Value::Array(items) => items.into_iter().map(json).collect(),
            toml::Value::Table(table) => to_json(table),
        }
    }
    table.into_iter().map(|(key, value)| (key, json(value))).collect()
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
    let mut table = Some(root.get_ref());
    let mut place = 0;
    for part in key.split('.') {
        let part = part.split('[').next().unwrap_or(part);
        let Some((name, value)) = table.and_then(|table| table.get_key_value(part)) else { break };
        place = name.span().start;
        table = value.get_ref().as_table();
    }
    place
}

/// The place of the innermost key's value on the way to the error, or of the key if it is unknown.
fn place_of_error(text: &str, path: &KeyPath, message: &str) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 0 };
    let root = DeValue::Table(root.into_inner());
    let (mut inner, mut place) = (&root, 0);
    let mut segments = path.iter().peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let table = inner.as_table();
                let Some((name, value)) = table.and_then(|table| table.get_key_value(key.as_str()))
                else {
                    break;
                };
                let is_unknown = is_last && message.starts_with("unknown field");
                place = if is_unknown { name.span().start } else { value.span().start };
                inner = value.get_ref();
            }
            Segment::Seq { index } => {
                let Some(item) = inner.as_array().and_then(|items| items.get(*index)) else {
                    break;
                };
                if item.get_ref().is_table() || is_last && message.starts_with("unknown variant") {
                    place = item.span().start;
                }
                inner = item.get_ref();
            }
            Segment::Unknown => break,
        }
    }
    place
}
