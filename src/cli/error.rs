//! Why a command could not do its work, and the exit status of that.

use std::fmt;
use std::io;

use ::migration::MigrateError;
use protocol::business::Problem;
use thiserror::Error;

#[cfg(feature = "practice")]
use super::simulate;
use super::{BAD_CONFIGURATION, actors, business, database, http, prompt};
use crate::app;
use crate::config::ConfigError;
#[cfg(feature = "practice")]
use crate::demo;
use crate::provider::ProviderError;

/// Why a command could not do its work. Every text says what to do.
#[derive(Debug, Error)]
pub enum CliError {
    /// The configuration can't be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration's keys can't stand together.
    #[error("{}", Problems(.0))]
    Inconsistent(Vec<Problem>),
    /// The daemon did not start.
    #[error(transparent)]
    Start(#[from] app::StartError),
    /// The system gives no signals.
    #[error("the system's signals can't be listened to: {0}")]
    Signals(#[source] io::Error),
    /// Nobody takes the daemon's sessions.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The demo failed.
    #[cfg(feature = "practice")]
    #[error("the demo failed: {0}")]
    Demo(#[from] demo::Failed),
    /// Scenarios were not played.
    #[cfg(feature = "practice")]
    #[error(transparent)]
    Simulate(#[from] simulate::SimulateFailed),
    /// The database can't be used.
    #[error(transparent)]
    Database(#[from] database::DatabaseError),
    /// The schema was not moved.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Nothing came of a command about businesses.
    #[error(transparent)]
    Business(#[from] business::BusinessError),
    /// There is no prompt to show.
    #[error(transparent)]
    Prompt(#[from] prompt::PromptError),
    /// The actors can't be shown.
    #[error(transparent)]
    Actors(#[from] actors::ActorsError),
    /// No request can be sent.
    #[error(transparent)]
    Http(#[from] http::ClientError),
    /// The standard output can't be written to.
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// The exit status: 2 for a configuration that can't be used, else 1.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Inconsistent(_) => BAD_CONFIGURATION,
            #[cfg(not(feature = "practice"))]
            Self::Provider(ProviderError::NotBuilt) => BAD_CONFIGURATION,
            #[cfg(feature = "practice")]
            Self::Simulate(failed) if failed.is_about_what_was_given() => BAD_CONFIGURATION,
            Self::Start(_)
            | Self::Provider(_)
            | Self::Signals(_)
            | Self::Database(_)
            | Self::Migrate(_)
            | Self::Business(_)
            | Self::Prompt(_)
            | Self::Actors(_)
            | Self::Http(_)
            | Self::Output(_) => 1,
            #[cfg(feature = "practice")]
            Self::Demo(_) | Self::Simulate(_) => 1,
        }
    }

    /// The text for the standard error: each line marked as an error.
    #[must_use]
    pub fn lines(&self) -> String {
        let text = self.to_string();
        text.lines().map(|line| format!("error: {line}")).collect::<Vec<_>>().join("\n")
    }
}

struct Problems<'a>(&'a [Problem]);

impl fmt::Display for Problems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|Problem { key, message }| format!("{key} {message}"));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}
