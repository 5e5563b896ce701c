//! Why a business is not paused, resumed or removed.

use protocol::ids::Slug;
use thiserror::Error;

/// Why the standing of a business is not changed.
#[derive(Debug, Error)]
pub enum StandingError {
    #[error("{0} was removed: `frontdesk business import FILE` brings it back")]
    Removed(Slug),
    #[error(
        "this takes the numbers of {0} away, and its receiver and tokens; say --yes to confirm"
    )]
    Unconfirmed(Slug),
    #[error(
        "{1} of the calls of {0} run: pause it and wait for their end, or end them with `frontdesk calls hangup`"
    )]
    Running(Slug, u64),
}
