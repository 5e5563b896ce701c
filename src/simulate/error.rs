//! Why scenarios could not run.

use entities::RecordsError;
use protocol::ids::InvalidId;
use thiserror::Error;
use tokio::task::JoinError;

use super::trace::file::TraceError;
use crate::world::WorldError;

#[derive(Debug, Error)]
pub enum SimulateError {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error("caller.number: no further number can be made of it: {0}")]
    Number(#[from] InvalidId),
    #[error("the business could not call: {0}")]
    NotPlaced(String),
    #[error("a call broke off: {0}")]
    Broken(#[from] JoinError),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error(
        "openai.provider is \"openai\": its model needs a voice it can understand; install espeak-ng"
    )]
    NoVoice,
    #[error(
        "{file}: step {step} waits for words, and a real model's audio carries none: wait for \
             agent_begins or agent_ends"
    )]
    WaitsForWords {
        file: String,
        /// From 1.
        step: usize,
    },
}
