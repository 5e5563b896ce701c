//! Why a story could not be played.

use entities::RecordsError;
use thiserror::Error;
use tokio::task::JoinError;

use crate::config::business_file::BusinessFileError;
use crate::simulate::SimulateError;
use crate::world::WorldError;

#[derive(Debug, Error)]
pub enum ChaosError {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Business(#[from] BusinessFileError),
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    #[error("a task of the story broke off: {0}")]
    Task(#[from] JoinError),
    #[error("there is no database in memory")]
    NoDatabase,
    #[error("the trace can't be written: {0}")]
    Trace(#[from] std::io::Error),
    #[error(
        "this build can't replay a seed: build from the repository's folder, whose \
         .cargo/config.toml sets --cfg tokio_unstable, and without RUSTFLAGS of your own"
    )]
    NotReplayable,
}
