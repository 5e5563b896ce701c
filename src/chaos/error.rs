//! Why a story could not be played.

use entities::RecordsError;
use thiserror::Error;
use tokio::task::JoinError;

use super::story::leave_out::Part;
use crate::app::StartError;
use crate::config::business_file::BusinessFileError;
use crate::database::DatabaseError;
use crate::http::ListenError;
use crate::provider::ProviderError;
use crate::simulate::trace::file::TraceError;

#[derive(Debug, Error)]
pub enum ChaosError {
    #[error(transparent)]
    Business(#[from] BusinessFileError),
    #[error(transparent)]
    Start(Box<StartError>),
    #[error("a daemon ended before it had started")]
    DaemonFailed,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Import(#[from] entities::businesses::ImportError),
    #[error(transparent)]
    Bind(#[from] ListenError),
    #[error("a server of the practice world cannot listen: {0}")]
    Listen(std::io::Error),
    #[error("{0}")]
    Address(String),
    #[error(
        "--processes needs a PostgreSQL database: set database.url (FRONTDESK__DATABASE__URL) to one, such \
         as postgres://user@host/name; a schema of its own is made in it, and removed"
    )]
    NoPostgres,
    #[error(transparent)]
    Scratch(#[from] migration::scratch::ScratchError),
    #[error("the schema can't be migrated: {0}")]
    Migrate(#[from] migration::MigrateError),
    #[error("{what}: {cause}")]
    Process { what: &'static str, cause: std::io::Error },
    #[error("daemon {number} did not start: see {log}")]
    NotStarted { number: usize, log: String },
    #[error("daemon {number} was told to stop, and did not end: see {log}")]
    NotEnded { number: usize, log: String },
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error("a task of the story broke off: {0}")]
    Task(#[from] JoinError),
    #[error("there is no database in memory")]
    NoDatabase,
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error("{part}: the story has no such part, but {calls} calls and {troubles} troubles")]
    NoSuchPart { part: Part, calls: usize, troubles: usize },
    #[error(
        "this build can't replay a seed: build from the repository's folder, whose \
         .cargo/config.toml sets --cfg tokio_unstable, and without RUSTFLAGS of your own"
    )]
    NotReplayable,
}
