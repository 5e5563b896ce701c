//! Reading a scenario: every fault is told with its file, its place, its key and what was expected.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Scenario, Script};
use crate::config::business_file::{self, BusinessFileError};
use crate::config::{ConfigError, Located, located};
use crate::world;

/// Why a scenario can't be played.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The file can't be read.
    #[error(transparent)]
    Unreadable(#[from] ConfigError),
    /// A key, type or value in it.
    #[error(transparent)]
    Malformed(#[from] Located),
    /// The business's own file, or what the scenario makes of it.
    #[error(transparent)]
    Business(#[from] BusinessFileError),
}

impl Scenario {
    /// Reads a scenario and the business that it names.
    ///
    /// # Errors
    /// [`ScenarioError`] is one line for each fault.
    pub fn read(file: &Path) -> Result<Self, ScenarioError> {
        Self::parse(file, &located::read_file(file)?)
    }

    /// Reads `text`, which stands in `file`.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ScenarioError> {
        let script: Script = located::from_toml(file, text)?;
        if script.expect.is_empty() {
            let expected = "at least one expectation, such as caller_heard or end, is expected";
            return Err(located::at_key(file, text, "expect", expected).into());
        }
        let (business_file, business_text) = match &script.business.file {
            None => (PathBuf::from(world::LOCKSMITH_FILE), world::LOCKSMITH.to_owned()),
            Some(named) => {
                let beside = file.parent().unwrap_or(Path::new("")).join(named);
                let text = located::read_file(&beside)?;
                (beside, text)
            }
        };
        let changes = &script.business.set;
        let place = |key: &str, message: &str| {
            located::at_key(file, text, &format!("business.set.{key}"), message)
        };
        let business =
            business_file::parse_changed(&business_file, &business_text, changes, place)?;
        Ok(Self { file: file.to_owned(), business, script })
    }
}
