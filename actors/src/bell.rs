//! A doorbell in an actor's mailbox: it says that something waits elsewhere, and at most one is in
//! the mailbox at a time, however much waits.

use std::sync::Arc;

use ractor::{ActorRef, Message};

/// Puts a doorbell into a mailbox. Must not block, and must not use what it rings for.
pub(crate) type Ring = Arc<dyn Fn() + Send + Sync>;

/// The bell of whoever reads a queue. It stands under the queue's own lock, so that no event comes
/// between looking at the flag and setting it; it is [sounded](sound) after the lock is released.
#[derive(Default)]
pub(crate) struct Bell {
    ring: Option<Ring>,
    /// A doorbell is in the present reader's mailbox.
    rung: bool,
}

impl Bell {
    /// From now on it rings so; nothing is in the new reader's mailbox yet.
    pub(crate) fn attach(&mut self, ring: Ring) {
        *self = Self { ring: Some(ring), rung: false };
    }

    /// Its reader is gone.
    pub(crate) fn detach(&mut self) {
        self.ring = None;
    }

    /// The bell to sound now that something waits; `None` if it was rung and not answered.
    #[must_use]
    pub(crate) fn due(&mut self) -> Option<Ring> {
        let ring = self.ring.as_ref().filter(|_| !self.rung)?;
        self.rung = true;
        Some(Arc::clone(ring))
    }

    /// The doorbell is out of the mailbox: what comes from now on rings again.
    pub(crate) fn answered(&mut self) {
        self.rung = false;
    }
}

/// Rings what is due.
pub(crate) fn sound(due: Option<Ring>) {
    if let Some(ring) = due {
        ring();
    }
}

/// A bell that rings in the mailbox of `actor`.
pub(crate) fn of_actor<M: Message>(actor: ActorRef<M>, doorbell: fn() -> M) -> Ring {
    Arc::new(move || {
        // An actor that is gone leaves its bell to its successor, which is rung for when it attaches.
        let _ = actor.cast(doorbell());
    })
}
