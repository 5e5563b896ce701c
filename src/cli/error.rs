//! Why a command failed, and its exit status.

use std::fmt;
use std::io;

use ::migration::MigrateError;
use entities::businesses::ImportError;
use entities::{RecordsError, Trouble};
use thiserror::Error;

use super::backup::error::BackupError;
use super::business::refused::StandingError;
use super::calls::error::CallsError;
use super::daemon::DaemonError;
use super::exit::BAD_CONFIGURATION;
use super::http::ClientError;
use super::messages::refused::MessagesError;
#[cfg(feature = "practice")]
use super::simulate::options::OptionsError;
use super::stored::StoredError;
use super::token::refused::TokenError;
use super::user::typed::TypedError;
use super::webhooks::refused::WebhooksError;
use crate::accounts::AccountError;
use crate::app::StartError;
#[cfg(feature = "practice")]
use crate::bench::BenchError;
#[cfg(feature = "practice")]
use crate::chaos::ChaosError;
use crate::config::business_file::{BusinessFileError, FolderError};
use crate::config::{self, ConfigError, Problem};
use crate::database::{DatabaseError, LockedError};
#[cfg(feature = "practice")]
use crate::demo;
use crate::person_keeper::KeeperError;
use crate::provider::ProviderError;
#[cfg(feature = "practice")]
use crate::simulate::{ScenarioError, SimulateError};

/// Why a command failed. Every text says what to do.
#[derive(Debug, Error)]
pub enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("this erases the person for good; say --yes to confirm")]
    Unconfirmed,
    /// Hashes with two keys would not be recognised.
    #[error(
        "the database has hashes of people that were made with another key: set server.person_key to that of \
         the daemons, or run this where server.state_dir has their frontdesk-person.key"
    )]
    OtherPersonKey,
    #[error("the key by which erased people are recognised: {0}")]
    PersonKey(#[from] KeeperError),
    /// Keys of the configuration contradict each other.
    #[error("{}", Problems(.0))]
    Inconsistent(Vec<Problem>),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("signals can't be received: {0}")]
    Signals(#[source] io::Error),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[cfg(feature = "practice")]
    #[error("the demo failed: {0}")]
    Demo(#[from] demo::Failed),
    #[cfg(feature = "practice")]
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[cfg(feature = "practice")]
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    #[cfg(feature = "practice")]
    #[error(transparent)]
    Chaos(#[from] ChaosError),
    #[cfg(feature = "practice")]
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[cfg(feature = "practice")]
    #[error(transparent)]
    Options(#[from] OptionsError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    BusinessFile(#[from] BusinessFileError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Standing(#[from] StandingError),
    #[error("not imported: {0}")]
    NotImported(#[from] ImportError),
    #[error("the settings can't be written as a file: {0}")]
    NotExported(#[from] toml::ser::Error),
    #[error(transparent)]
    Stored(#[from] StoredError),
    #[error(transparent)]
    Messages(#[from] MessagesError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Typed(#[from] TypedError),
    #[error(transparent)]
    Webhooks(#[from] WebhooksError),
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error(transparent)]
    Calls(#[from] CallsError),
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Http(#[from] ClientError),
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// The exit status: 2 for arguments or a configuration that can't be used, else 1.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Inconsistent(_) | Self::Provider(ProviderError::NoKey) => {
                BAD_CONFIGURATION
            }
            #[cfg(not(feature = "practice"))]
            Self::Provider(ProviderError::NotBuilt) => BAD_CONFIGURATION,
            #[cfg(feature = "practice")]
            Self::Scenario(_)
            | Self::Options(_)
            | Self::Simulate(
                SimulateError::NoVoice
                | SimulateError::WaitsForWords { .. }
                | SimulateError::Trace(_),
            )
            | Self::Chaos(
                ChaosError::Trace(_)
                | ChaosError::NoSuchPart { .. }
                | ChaosError::NoPostgres
                | ChaosError::Scratch(_),
            ) => BAD_CONFIGURATION,
            Self::Start(_)
            | Self::Signals(_)
            | Self::Database(_)
            | Self::Backup(_)
            | Self::Migrate(_)
            | Self::BusinessFile(_)
            | Self::Folder(_)
            | Self::Standing(_)
            | Self::NotImported(_)
            | Self::NotExported(_)
            | Self::Stored(_)
            | Self::Messages(_)
            | Self::Webhooks(_)
            | Self::Token(_)
            | Self::Account(_)
            | Self::Typed(_)
            | Self::Records(_)
            | Self::Unconfirmed
            | Self::OtherPersonKey
            | Self::PersonKey(_)
            | Self::Calls(_)
            | Self::Daemon(_)
            | Self::Http(_)
            | Self::Output(_) => 1,
            #[cfg(feature = "practice")]
            Self::Provider(ProviderError::Practice(_))
            | Self::Demo(_)
            | Self::Bench(_)
            | Self::Simulate(_)
            | Self::Chaos(_) => 1,
        }
    }

    /// Says more of a database that is locked or damaged.
    pub(super) fn explained(self, config: &config::Database) -> Self {
        let trouble = if let Self::Records(error)
        | Self::Account(AccountError::Records(error))
        | Self::NotImported(ImportError::Records(error))
        | Self::Stored(StoredError::Records(error)) = &self
        {
            error.trouble()
        } else if let Self::Migrate(MigrateError::Database(error)) = &self {
            Trouble::of(error)
        } else {
            None
        };
        match trouble {
            Some(Trouble::Busy) => DatabaseError::Locked(LockedError::of(config)).into(),
            Some(Trouble::Damaged) => DatabaseError::Damaged(config.url.shown()).into(),
            Some(Trouble::Away | Trouble::Full | Trouble::ReadOnly) | None => self,
        }
    }

    /// The text for the standard error. Each line begins with `error: `.
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
