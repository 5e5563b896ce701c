//! The daemon's configuration: `config.toml`, with `FRONTDESK__SECTION__KEY` in the environment
//! above it. A business's settings are not here: they are rows, imported from business files.

mod address;
pub mod business_file;
mod check;
mod daemon;
mod environment;
mod error;
pub(crate) mod located;
mod providers;
mod secret;

use std::path::Path;

use serde::Deserialize;

pub use address::{HttpUrl, InvalidAddress, PublicUrl, WebSocketUrl};
pub use daemon::{Admin, Database, DatabaseUrl, Patience, Server, Supervision};
pub use error::ConfigError;
pub use located::Located;
pub use providers::{OpenAi, Provider, Twilio};

use protocol::business::Problem;

/// The default configuration as a file, every key with a comment.
pub const DEFAULT_FILE: &str = include_str!("../config.toml");

/// Everything an operator decides.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The listener that Twilio reaches, and how many calls are taken.
    pub server: Server,
    /// The operator's listener.
    pub admin: Admin,
    /// Where everything is kept.
    pub database: Database,
    /// Who listens and speaks.
    pub openai: OpenAi,
    /// Who brings the calls.
    pub twilio: Twilio,
    /// How often a part of a call may be started again.
    pub supervision: Supervision,
}

impl Config {
    /// Reads `file`, if there is one, and lays the variables of `environment` over it. Variables
    /// that don't begin with `FRONTDESK__` are none of ours.
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
        // By itself first: only so have its errors a line.
        let alone = located::from_toml(path, &text)?;
        environment::lay_over(alone, path, &text, environment)
    }

    /// Checks what must hold between keys before real callers are answered (PRAC-4).
    ///
    /// # Errors
    /// Every [`Problem`] there is.
    pub fn check(&self) -> Result<(), Vec<Problem>> {
        check::check(self)
    }
}

#[cfg(test)]
mod tests;
