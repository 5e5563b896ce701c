//! A business file: read, checked, and every fault told with its place.

use std::fmt;
use std::path::Path;

use protocol::business::BusinessSettings;
use thiserror::Error;

use super::error::ConfigError;
use super::located::{self, Located};

/// Why a business file was refused.
#[derive(Debug, Error)]
pub enum BusinessFileError {
    /// The file can't be read, or a key, type or value in it is wrong.
    #[error(transparent)]
    Malformed(#[from] ConfigError),
    /// Its keys are well-formed, but they can't stand together: one line for each problem.
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

/// Reads and checks `text`, which stands in `file`.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &Path, text: &str) -> Result<BusinessSettings, BusinessFileError> {
    let settings: BusinessSettings = located::from_toml(file, text).map_err(ConfigError::InFile)?;
    settings.validate().map_err(|problems| {
        let placed = problems
            .iter()
            .map(|problem| located::at_key(file, text, &problem.key, &problem.message));
        BusinessFileError::Inconsistent(placed.collect())
    })?;
    Ok(settings)
}

/// As [`parse`], with some keys set otherwise. A fault that comes of a change is given the place
/// that `place` finds for its key and message.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse_changed(
    file: &Path,
    text: &str,
    changes: &toml::Table,
    place: impl Fn(&str, &str) -> Located,
) -> Result<BusinessSettings, BusinessFileError> {
    // By itself first: only so have its errors a line.
    let alone = parse(file, text)?;
    if changes.is_empty() {
        return Ok(alone);
    }
    let mut keys: toml::Table = located::from_toml(file, text).map_err(ConfigError::InFile)?;
    lay_over(&mut keys, changes);
    let settings: BusinessSettings = serde_path_to_error::deserialize(keys).map_err(|error| {
        let key = error.path().to_string();
        ConfigError::InFile(place(&key, error.inner().message()))
    })?;
    settings.validate().map_err(|problems| {
        let placed = problems.iter().map(|problem| place(&problem.key, &problem.message));
        BusinessFileError::Inconsistent(placed.collect())
    })?;
    Ok(settings)
}

/// Sets keys; of a table only those that are named, of anything else the whole.
fn lay_over(keys: &mut toml::Table, changes: &toml::Table) {
    for (key, change) in changes {
        match (keys.get_mut(key), change) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(change)) => {
                lay_over(inner, change);
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
