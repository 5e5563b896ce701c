//! Why an event was not taken.

use entities::RecordsError;

/// Why an event was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another try may help.
    Again(String),
    /// None does.
    Never(String),
}

impl From<RecordsError> for Failure {
    fn from(error: RecordsError) -> Self {
        Self::Again(format!("the database could not be read: {error}"))
    }
}
