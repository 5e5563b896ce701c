//! The bounded way to an actor that may be started again: a numbered inbox beside its mailbox, and a
//! doorbell in it.
//!
//! ractor's mailboxes have no bound, show no depth, and die with their actor. What must not be lost
//! waits here instead, held by whoever outlives the actor. A [`Reader`] handles its doorbell so:
//!
//! ```text
//! reader.answer();                                // the doorbell is out of the mailbox
//! while let Some(begun) = reader.begin_next() {   // look at event n
//!     handle(&begun.event);                       // a crash here: a successor sees it again
//!     publish_snapshot(begun.number);             // what was done is safe
//!     reader.remove(begun.number);                // now it may go
//! }
//! ```

mod queue;
mod reader;
mod shared;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use ractor::{ActorRef, Message};
use thiserror::Error;

pub use queue::{ATTEMPTS, Begun, Delivered};
pub use reader::Reader;

use crate::bell;
use shared::Shared;

/// The way in: a bounded first-in, first-out queue of events for one actor. Cheap to clone; outlives
/// every generation of the actor behind it.
pub struct Port<E> {
    shared: Arc<Shared<E>>,
}

/// The port is closed: whoever read from it is gone for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the port is closed")]
pub struct PortClosed;

/// Why a port did not take an event at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// There is no room now. Counted (see [`Pressure`]).
    #[error("the port is full")]
    Full,
    /// Whoever read from it is gone for good.
    #[error("the port is closed")]
    Closed,
}

/// How often a port's bounds have bitten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Sends that had to wait for room.
    pub waited: u64,
    /// Events that were not taken because the port was full.
    pub refused: u64,
    /// Numbered events that had come before.
    pub duplicates: u64,
    /// Events that crashed their handler [`ATTEMPTS`] times.
    pub set_aside: u64,
}

impl<E> Port<E> {
    /// A port in which at most `capacity` events wait (at least one); who sends more waits with them.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { shared: Arc::new(Shared::new(capacity)) }
    }

    /// Puts `event` at the end, waiting for room; so a socket whose reader awaits this waits too.
    /// Those who wait are served in the order they came. Dropped while it waits, it has sent nothing.
    ///
    /// # Errors
    /// [`PortClosed`] once the port is closed.
    pub async fn send(&self, event: E) -> Result<(), PortClosed> {
        self.shared.room().await?;
        self.shared.push(event);
        Ok(())
    }

    /// Puts `event` at the end if there is room now.
    ///
    /// # Errors
    /// [`NotTaken`] says why not; the event is dropped.
    pub fn try_send(&self, event: E) -> Result<(), NotTaken> {
        self.shared.room_now()?;
        self.shared.push(event);
        Ok(())
    }

    /// Sends an event that the port's one numbering sender has numbered, ever higher: a number seen
    /// before is dropped, also when the port is full, so that a sender that was started again can
    /// send its whole outbox once more. Gaps are fine.
    ///
    /// # Errors
    /// [`NotTaken`] says why not; the number then counts as not sent.
    pub fn send_numbered(&self, number: u64, event: E) -> Result<Delivered, NotTaken> {
        if self.shared.is_duplicate(number) {
            return Ok(Delivered::Duplicate);
        }
        self.shared.room_now()?;
        Ok(self.shared.push_numbered(number, event))
    }

    /// Makes `actor` the reader from now on; a former reader finds nothing any more. If something
    /// waits, the bell rings at once.
    ///
    /// To be called in the actor's `pre_start`: what came before is in the mailbox when it opens.
    #[must_use]
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, doorbell: fn() -> M) -> Reader<E> {
        Reader::new(Arc::clone(&self.shared), bell::of_actor(actor, doorbell))
    }

    /// Like [`attach`](Self::attach), for a reader that isn't an actor. `ring` must not block and
    /// must not use this port.
    #[must_use]
    pub fn attach_with(&self, ring: impl Fn() + Send + Sync + 'static) -> Reader<E> {
        Reader::new(Arc::clone(&self.shared), Arc::new(ring))
    }

    /// How many events wait, the one begun included.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared.depth()
    }

    /// How often the bounds have bitten.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        self.shared.pressure()
    }

    /// Takes nothing more. Senders that wait for room are told; what waits can still be read.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl<E> Clone for Port<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Port<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("depth", &self.depth()).finish_non_exhaustive()
    }
}
