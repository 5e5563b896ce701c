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
