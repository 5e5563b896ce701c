//! Why the demo failed.

use std::path::PathBuf;
use std::time::Duration;

use entities::RecordsError;
use practice::twilio::CallOver;
use protocol::ids::InvalidId;
use thiserror::Error;

use crate::world::WorldError;

#[derive(Debug, Error)]
pub enum Failed {
    #[error(transparent)]
    World(#[from] WorldError),
    #[error("the call ended too early: {0}")]
    CutShort(#[from] CallOver),
    #[error(transparent)]
    Number(#[from] InvalidId),
    #[error("the call was not over and answered in writing within {0:?}")]
    TooLong(Duration),
    #[error("{0}")]
    Wrong(String),
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error("{} could not be written: {}: set --wav to another file", .0.display(), .1)]
    Recording(PathBuf, String),
    #[error("the output is closed: {0}")]
    Output(#[from] std::io::Error),
}
