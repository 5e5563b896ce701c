//! Why a story could not be played.

use entities::RecordsError;
use thiserror::Error;
use tokio::task::JoinError;

use super::story::leave_out::Part;
use crate::config::business_file::BusinessFileError;
use crate::simulate::SimulateError;
use crate::simulate::trace::file::TraceError;
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
