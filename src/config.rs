//! The daemon's configuration: `config.toml`, overridden by `FRONTDESK__SECTION__KEY` in the environment.
//! The settings of a business are not here: they are rows, imported from business files.

mod address;
pub mod business_file;
mod changes;
mod check;
mod daemon;
mod error;
mod load;
pub(crate) mod located;
mod providers;
mod secret;
pub(crate) mod words;

use serde::Deserialize;

pub use address::{HttpUrl, InvalidAddress, PublicUrl, WebSocketUrl};
pub use changes::Changes;
pub use check::Problem;
pub use daemon::{
    Admin, Console, Database, DatabaseUrl, Log, Patience, Server, Supervision, Telemetry,
};
pub use error::{ConfigError, Located};
pub use load::DEFAULT_FILE;
pub use providers::{ModelProvider, OpenAi, Twilio};

/// Every key of `config.toml`, with its default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Twilio's listener, and how many calls are taken.
    pub server: Server,
    /// The operator's listener.
    pub admin: Admin,
    /// The web console's listener.
    pub console: Console,
    pub database: Database,
    pub openai: OpenAi,
    pub twilio: Twilio,
    /// How often a part of a call may be restarted.
    pub supervision: Supervision,
    pub telemetry: Telemetry,
    pub log: Log,
}

#[cfg(test)]
mod tests;
