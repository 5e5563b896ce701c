//! Why a page is not shown, or a change not made.

use console::error::Problem;
use entities::{RecordsError, Trouble};
use warp::reply::Response;

/// What a handler returns.
pub(super) type Answer = Result<Response, Refused>;

/// The page that is shown instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<RecordsError> for Refused {
    /// The cause is logged and not shown.
    fn from(error: RecordsError) -> Self {
        let problem = match (error.trouble(), &error) {
            (Some(Trouble::Busy | Trouble::Away | Trouble::Full | Trouble::ReadOnly), _) => {
                Problem::Busy
            }
            (Some(Trouble::Damaged) | None, RecordsError::NotFound) => Problem::NotFound,
            (Some(Trouble::Damaged) | None, _) => Problem::Internal,
        };
        if problem != Problem::NotFound {
            tracing::error!(cause = %error, "a page of the console could not be shown");
        }
        Self(problem)
    }
}
