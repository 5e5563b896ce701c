//! `FRONTDESK__SECTION__KEY` over the file. What kind of value a variable holds is read off the
//! default file, which names every key.

use std::path::Path;

use toml::{Table, Value};

use super::error::ConfigError;
use super::{Config, DEFAULT_FILE, located};

const PREFIX: &str = "FRONTDESK__";

/// `alone`, which is `text` read by itself, with the variables laid over it.
pub(super) fn lay_over(
    alone: Config,
    file: &Path,
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut ours: Vec<_> =
        environment.filter(|(variable, _)| variable.starts_with(PREFIX)).collect();
    if ours.is_empty() {
        return Ok(alone);
    }
    ours.sort();
    let defaults: Table = located::from_toml(Path::new("config.toml"), DEFAULT_FILE)?;
    let mut table: Table = located::from_toml(file, text)?;
    for (variable, value) in &ours {
        insert(&mut table, &defaults, variable, value)
            .map_err(|message| ConfigError::InVariable { variable: variable.clone(), message })?;
    }
    serde_path_to_error::deserialize(table).map_err(|error| ConfigError::InVariable {
        variable: variable_of(&error.path().to_string()),
        message: error.inner().message().to_owned(),
    })
}

fn insert(table: &mut Table, defaults: &Table, variable: &str, text: &str) -> Result<(), String> {
    let path = variable.strip_prefix(PREFIX).unwrap_or(variable).to_ascii_lowercase();
    let (section, key) = path
        .split_once("__")
        .ok_or_else(|| format!("no such key: expected {PREFIX}SECTION__KEY"))?;
    let keys = defaults
        .get(section)
        .and_then(Value::as_table)
        .ok_or_else(|| format!("no such section: expected one of {}", names(defaults)))?;
    let default =
        keys.get(key).ok_or_else(|| format!("no such key: expected one of {}", names(keys)))?;
    let value = value_like(default, text)?;
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), value);
    }
    Ok(())
}

/// `text` as the kind of value that `default` is.
fn value_like(default: &Value, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    match default {
        Value::Integer(_) => {
            trimmed.parse().map(Value::Integer).map_err(|_| format!("{text:?} is no whole number"))
        }
        Value::Boolean(_) => trimmed
            .parse()
            .map(Value::Boolean)
            .map_err(|_| format!("{text:?} is neither \"true\" nor \"false\"")),
        Value::Array(_) => list(trimmed),
        Value::String(_) | Value::Float(_) | Value::Datetime(_) | Value::Table(_) => {
            Ok(Value::String(text.to_owned()))
        }
    }
}

/// A list as in the file, or its texts with commas between.
fn list(text: &str) -> Result<Value, String> {
    if text.starts_with('[') {
        return text.parse().map_err(|_| {
            format!("{text:?} is no list: expected one as in [\"0ms\", \"1s\"] or 0ms,1s")
        });
    }
    let texts = text.split(',').map(|one| Value::String(one.trim().to_owned()));
    Ok(Value::Array(texts.collect()))
}

fn names(table: &Table) -> String {
    table.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The variable of a path like `supervision.backoff[1]`.
fn variable_of(path: &str) -> String {
    let key = path.split('[').next().unwrap_or(path);
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}
