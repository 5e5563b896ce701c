//! Reads scenario files. Every error names file, position, key and what was expected.

use std::path::{Path, PathBuf};

use protocol::business::BusinessSettings;
use protocol::ids::PhoneNumber;
use protocol::phone;
use thiserror::Error;

use super::script::{Scenario, Script};
use crate::config::business_file::{self, BusinessFileError};
use crate::config::{ConfigError, Located, located};
use crate::world;

/// Why a scenario can't be read.
#[derive(Debug, Error)]
pub enum ScenarioError {
    #[error(transparent)]
    Unreadable(#[from] ConfigError),
    #[error(transparent)]
    Malformed(#[from] Located),
    /// The business file, or the scenario's changes to it.
    #[error(transparent)]
    Business(#[from] BusinessFileError),
}

impl Scenario {
    /// Reads a scenario and its business.
    ///
    /// # Errors
    /// [`ScenarioError`] has one line per fault.
    pub fn read(file: &Path) -> Result<Self, ScenarioError> {
        Self::parse(file, &located::read_file(file)?)
    }

    /// Reads the text of `file`.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ScenarioError> {
        let script: Script = located::from_toml(file, text, located::read)?;
        if script.expect.is_empty() {
            let expected = "at least one expectation, such as caller_heard or end, is expected";
            return Err(located::at_key(file, text, "expect", expected).into());
        }
        if let Some((key, told)) = script.contradiction() {
            return Err(located::at_key(file, text, key, &told).into());
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
        if script.has_writing() && business.whatsapp_number.is_none() {
            let told =
                "the business has no whatsapp_number: give it one in its file, or set it here";
            return Err(located::at_key(file, text, "business.set", told).into());
        }
        let number = caller(&script, &business)
            .map_err(|message| located::at_key(file, text, "caller.number", &message))?;
        Ok(Self { file: file.to_owned(), business, number, script })
    }
}

/// The caller's number. Without a country code it belongs to the business's country (LEAD-4).
fn caller(script: &Script, business: &BusinessSettings) -> Result<PhoneNumber, String> {
    let text = &script.caller.number;
    let number = phone::e164(text, business.phone_numbers.first());
    number.map_err(|flaw| format!("{text:?} {flaw}"))
}
