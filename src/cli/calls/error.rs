//! Why a call can't be shown or hung up.

use thiserror::Error;

/// Why no call was found by a part of its SID.
#[derive(Debug, Error)]
pub enum CallsError {
    #[error("no call's SID has {0}: `frontdesk calls list` lists them")]
    Unknown(String),
    #[error(
        "the SIDs of several calls have {0}: give more of it; `frontdesk calls list --csv` shows them whole"
    )]
    Several(String),
}
