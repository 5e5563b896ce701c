//! Reads a configuration: the file, then `FRONTDESK__SECTION__KEY` from the environment. The default
//! file names every key, so it tells the type of each variable.

use std::num::{IntErrorKind, ParseIntError};
use std::path::Path;

use toml::{Table, Value};

use super::error::ConfigError;
use super::words::in_words;
use super::{Config, located};

/// The default configuration as a file, with a comment for every key.
pub const DEFAULT_FILE: &str = include_str!("../../config.toml");

const PREFIX: &str = "FRONTDESK__";

impl Config {
    /// Reads `file`, if there is one, and overrides it with the variables of `environment` that begin
    /// with `FRONTDESK__`.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and line, or the variable, and what was expected.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => located::read_file(path)?,
            None => String::new(),
        };
        let path = file.unwrap_or(Path::new("config.toml"));
        // Read without the environment first: only then do errors in the file have a line.
        let config = located::from_toml(path, &text, located::read)?;
        let mut variables: Vec<_> =
            environment.filter(|(variable, _)| variable.starts_with(PREFIX)).collect();
        if variables.is_empty() {
            return Ok(config);
        }
        variables.sort();
        override_with(&variables, located::table(path, &text)?)
    }
}

fn override_with(variables: &[(String, String)], mut table: Table) -> Result<Config, ConfigError> {
    let defaults = located::table(Path::new("config.toml"), DEFAULT_FILE)?;
    for (variable, value) in variables {
        insert(&mut table, &defaults, variable, value)
            .map_err(|message| ConfigError::InVariable { variable: variable.clone(), message })?;
    }
    located::read(located::to_json(table)).map_err(|error| ConfigError::InVariable {
        variable: variable_of(&error.path().to_string()),
        message: in_words(&error.inner().to_string()),
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
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err("is not UTF-8 text".to_owned());
    }
    let value = value_like(default, text)?;
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Some(section) = section.as_table_mut() {
        section.insert(key.to_owned(), value);
    }
    Ok(())
}

/// `text` as a value of the type of `default`.
fn value_like(default: &Value, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    match default {
        Value::Integer(_) => trimmed.parse().map(Value::Integer).map_err(|error: ParseIntError| {
            let is_large = *error.kind() == IntErrorKind::PosOverflow;
            let wrong = if is_large { "larger than any key takes" } else { "not a whole number" };
            format!("{text:?} is {wrong}")
        }),
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

/// A list as the file writes it, or its items separated by commas.
fn list(text: &str) -> Result<Value, String> {
    if text.starts_with('[') {
        return text.parse().map_err(|_| {
            format!("{text:?} is not a list: expected one as in [\"0ms\", \"1s\"] or 0ms,1s")
        });
    }
    let texts = text.split(',').map(|one| Value::String(one.trim().to_owned()));
    Ok(Value::Array(texts.collect()))
}

fn names(table: &Table) -> String {
    table.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The variable that sets a path such as `supervision.backoff[1]`.
fn variable_of(path: &str) -> String {
    let key = path.split('[').next().unwrap_or(path);
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}
