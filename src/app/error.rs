//! Why the daemon did not start.

use std::io;
use std::path::PathBuf;

use migration::presence::PresenceError;
use thiserror::Error;

use crate::database::DatabaseError;
use crate::http::ListenError;
use crate::person_keeper::KeeperError;

/// Why a folder of state can't be used.
fn why(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::WouldBlock {
        "another daemon uses it".to_owned()
    } else {
        error.to_string()
    }
}

/// Why the daemon did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Another daemon lives on its database.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    #[error("the calls of the previous run could not be read: {0}")]
    Records(#[from] entities::RecordsError),
    #[error(
        "server.state_dir {} can't be used: {}; each daemon needs a folder of its own that it can \
         write to",
        folder.display(),
        why(error)
    )]
    StateDir { folder: PathBuf, error: io::Error },
    #[error("the key by which erased people are recognised: {0}")]
    PersonKey(#[from] KeeperError),
    /// Records wait for a SQLite database that is not there.
    #[error(
        "the database file {} is gone, and {waiting} records wait for it in {}: put the file back; or, if \
         it is lost for good, move those records away",
        file.display(),
        folder.display()
    )]
    FileGone { file: PathBuf, waiting: u64, folder: PathBuf },
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("TLS could not be set up: {0}")]
    Tls(String),
    #[cfg(feature = "otel")]
    #[error("telemetry.otlp_url: traces can't be sent there: {0}")]
    Telemetry(String),
    #[error("the actors could not be started: {0}")]
    Actors(#[from] ractor::SpawnErr),
}
