//! A bounded, numbered inbox that outlives its actor.
//!
//! ractor's mailboxes have no bound, show no depth, and die with their actor. An [`Inbox`] stands
//! beside the mailbox, and the actor's supervisor holds it. The mailbox carries only a wake
//! message, which the actor handles like this:
//!
//! ```text
//! reader.woken();                                    // the next event sends another wake message
//! while let Some(delivery) = reader.receive() {      // event n; it stays in the inbox
//!     handle(&delivery.event);                       // a crash here: the successor receives it again
//!     publish_snapshot(delivery.number);             // the effects are stored, with the number
//!     reader.ack(delivery.number);                   // the event leaves the inbox
//! }
//! ```
//!
//! An event is handled at least once. A successor that finds its number in the snapshot skips it,
//! which makes that exactly once.

mod error;
mod queue;
mod reader;
mod shared;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use ractor::{ActorRef, Message};

pub use error::{InboxClosed, TrySendError};
pub use queue::{Delivery, MAX_ATTEMPTS, SendOutcome};
pub use reader::InboxReader;
pub use shared::InboxStats;

use crate::wake;
use shared::Shared;

/// A bounded first-in, first-out queue of events for one actor. Cheap to clone; clones are the same
/// queue. It outlives every generation of the actor that reads it.
///
/// ```
/// use supervision::Inbox;
///
/// let inbox = Inbox::new(2);
/// inbox.try_send("a").unwrap();
/// inbox.try_send("b").unwrap();
/// assert!(inbox.try_send("c").is_err(), "full");
///
/// let crashed = inbox.attach_with(|| {});
/// assert_eq!(crashed.receive().unwrap().attempt, 1);
/// // It crashes before it acknowledges the event. Its successor receives the event again.
/// let successor = inbox.attach_with(|| {});
/// let delivery = successor.receive().unwrap();
/// assert_eq!((delivery.number, delivery.attempt, *delivery.event), (1, 2, "a"));
/// successor.ack(1);
/// assert_eq!(inbox.depth(), 1);
/// ```
pub struct Inbox<E> {
    shared: Arc<Shared<E>>,
}

impl<E> Inbox<E> {
    /// An inbox for at most `capacity` events; 0 counts as 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { shared: Arc::new(Shared::new(capacity)) }
    }

    /// Sends `event`, and waits for room if there is none. Waiting senders are served in order. A
    /// send that is dropped while it waits has sent nothing.
    ///
    /// A task that awaits this between two reads of a socket puts back-pressure on the socket.
    ///
    /// # Errors
    /// [`InboxClosed`] once the inbox is closed.
    pub async fn send(&self, event: E) -> Result<(), InboxClosed> {
        self.shared.room().await?;
        self.shared.push(event);
        Ok(())
    }

    /// Sends `event` if there is room now.
    ///
    /// # Errors
    /// [`TrySendError`] if there is none. The event is dropped.
    pub fn try_send(&self, event: E) -> Result<(), TrySendError> {
        self.shared.room_now()?;
        self.shared.push(event);
        Ok(())
    }

    /// Sends an event under a number that the sender chooses. Numbers must grow; gaps are allowed.
    /// An event whose number was accepted before is dropped as a duplicate, even if the inbox is
    /// full. So a restarted sender can send its whole outbox again. Only one sender may number its
    /// events.
    ///
    /// # Errors
    /// [`TrySendError`] if there is no room. The number then counts as not sent.
    pub fn send_numbered(&self, number: u64, event: E) -> Result<SendOutcome, TrySendError> {
        if self.shared.is_duplicate(number) {
            return Ok(SendOutcome::Duplicate);
        }
        self.shared.room_now()?;
        Ok(self.shared.push_numbered(number, event))
    }

    /// Makes `actor` the reader. The former reader receives nothing from now on. `wake` wakes the
    /// actor, at once if something waits.
    ///
    /// Call it in the actor's `pre_start`.
    #[must_use]
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, wake: fn() -> M) -> InboxReader<E> {
        InboxReader::new(Arc::clone(&self.shared), wake::for_actor(actor, wake))
    }

    /// Like [`attach`](Self::attach), for a reader that is not an actor. `wake` must not block and
    /// must not use this inbox.
    #[must_use]
    pub fn attach_with(&self, wake: impl Fn() + Send + Sync + 'static) -> InboxReader<E> {
        InboxReader::new(Arc::clone(&self.shared), Arc::new(wake))
    }

    /// How many events wait, including one that is received and not acknowledged.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared.depth()
    }

    /// How often the bounds took effect so far.
    #[must_use]
    pub fn stats(&self) -> InboxStats {
        self.shared.stats()
    }

    /// Closes the inbox. Senders get an error, also those that wait for room. What waits can still
    /// be received.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl<E> Clone for Inbox<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Inbox<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("depth", &self.depth()).finish_non_exhaustive()
    }
}
