//! Why an inbox does not accept an event.

use thiserror::Error;

/// The inbox is closed: nobody will read what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the inbox is closed")]
pub struct InboxClosed;

/// Why an inbox did not accept an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TrySendError {
    /// There is no room now. Counted in [`InboxStats::refused`](super::InboxStats::refused).
    #[error("the inbox is full")]
    Full,
    /// Nobody will read what is sent.
    #[error("the inbox is closed")]
    Closed,
}
