//! Reads and checks business files. Each error names its place.

use std::fmt;
use std::path::Path;

use protocol::business::BusinessSettings;
use thiserror::Error;

use super::error::{ConfigError, Located};
use super::located;

/// Why a business file was refused.
#[derive(Debug, Error)]
pub enum BusinessFileError {
    /// The file can't be read, or a key, type or value in it is wrong.
    #[error(transparent)]
    Malformed(#[from] ConfigError),
    /// Every key is well-formed, but they contradict each other. One line for each problem.
    #[error("{}", Lines(.0))]
    Inconsistent(Vec<Located>),
}

/// Reads and checks a business file.
///
/// # Errors
/// [`BusinessFileError`] names file, line and key, and says what was expected.
pub fn read(path: &Path) -> Result<BusinessSettings, BusinessFileError> {
    parse(path, &located::read_file(path)?)
}

/// Reads and checks `text`, the content of `file`.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &Path, text: &str) -> Result<BusinessSettings, BusinessFileError> {
    let read = located::from_toml(file, text, BusinessSettings::from_json);
    let settings = read.map_err(ConfigError::InFile)?;
    validated(settings, |key, message| located::at_key(file, text, key, message))
}

/// As [`parse`], with some keys changed. `place` locates an error that a change causes, by its key and
/// message.
///
/// # Errors
/// As [`read`].
#[cfg(feature = "practice")]
pub(crate) fn parse_changed(
    file: &Path,
    text: &str,
    changes: &toml::Table,
    place: impl Fn(&str, &str) -> Located,
) -> Result<BusinessSettings, BusinessFileError> {
    // Read without the changes first: only then do errors in the file have a line.
    let unchanged = parse(file, text)?;
    if changes.is_empty() {
        return Ok(unchanged);
    }
    let mut keys = located::table(file, text).map_err(ConfigError::InFile)?;
    merge(&mut keys, changes);
    let read = BusinessSettings::from_json(located::to_json(keys));
    let settings = read.map_err(|error| {
        ConfigError::InFile(place(&error.path().to_string(), &error.inner().to_string()))
    })?;
    validated(settings, place)
}

fn validated(
    settings: BusinessSettings,
    place: impl Fn(&str, &str) -> Located,
) -> Result<BusinessSettings, BusinessFileError> {
    settings.validate().map_err(|problems| {
        let located = problems.iter().map(|problem| place(&problem.key, &problem.message));
        BusinessFileError::Inconsistent(located.collect())
    })?;
    Ok(settings)
}

/// Sets the keys of `changes`. Tables are merged, any other value is replaced.
#[cfg(feature = "practice")]
fn merge(keys: &mut toml::Table, changes: &toml::Table) {
    for (key, change) in changes {
        match (keys.get_mut(key), change) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(change)) => {
                merge(inner, change);
            }
            _ => {
                keys.insert(key.clone(), change.clone());
            }
        }
    }
}

struct Lines<'a>(&'a [Located]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
