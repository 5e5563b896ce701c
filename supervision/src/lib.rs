#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod alarm;
pub mod children;
pub mod clock;
pub mod exit;
pub mod in_span;
pub mod inbox;
pub mod lease;
pub mod policy;
pub mod registry;
pub mod serial;
pub mod tasks;
pub mod wake;

mod child;
#[cfg(test)]
mod testing;

use std::fmt;

pub use alarm::Alarm;
pub use children::{Children, stop_in_reverse};
pub use clock::Clock;
pub use exit::Exit;
pub use in_span::InSpan;
pub use inbox::{Delivery, Inbox, InboxReader, MAX_ATTEMPTS, TrySendError};
pub use lease::{Lease, Leased};
pub use policy::{Decision, RestartPolicy};
pub use registry::{ActorInfo, Registration, Registry};
pub use serial::Serial;
pub use tasks::{TaskCrashed, TaskGroup, TaskHandle};

/// Counts the starts of a child: 0 for the first, one more after each restart.
///
/// Drop whatever carries an older generation than the running one: it is stale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

impl Generation {
    /// The generation after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
