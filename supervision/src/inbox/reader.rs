//! The reading end of an inbox, held by one generation of an actor.

use std::fmt;
use std::sync::Arc;

use super::queue::{Delivery, Queue};
use super::shared::Shared;
use crate::wake::WakeFn;

/// The reading end of an [`Inbox`](super::Inbox). Only the one attached last receives events. So what a
/// dead generation left behind takes nothing from its successor.
pub struct InboxReader<E> {
    shared: Arc<Shared<E>>,
    id: u64,
}

impl<E> InboxReader<E> {
    pub(super) fn new(shared: Arc<Shared<E>>, wake: WakeFn) -> Self {
        let id = shared.attach(wake);
        Self { shared, id }
    }

    /// The wake message was taken from the mailbox: the next event wakes the actor again.
    ///
    /// Call it first when a wake message is handled. An event that comes while the inbox is read then
    /// costs one wake message too many, and none is missed.
    pub fn woken(&self) {
        self.shared.woken(self.id);
    }

    /// The first event. It stays in the inbox until it is [acknowledged](Self::ack), and each call counts
    /// as one attempt at it.
    ///
    /// An event that was delivered [`MAX_ATTEMPTS`](super::MAX_ATTEMPTS) times and not acknowledged has
    /// crashed its handler as often. It is dropped, logged and counted, and the next event is returned.
    #[must_use]
    pub fn receive(&self) -> Option<Delivery<E>> {
        while let Some(number) = self.shared.read(self.id, Queue::drop_dead_letter).flatten() {
            tracing::error!(number, "an event crashed its handler too often and was dropped");
        }
        self.shared.read(self.id, Queue::deliver_first).flatten()
    }

    /// Event `number` could not be handled now, for no fault of its own. It stays, and the attempt does
    /// not count.
    pub fn nack(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.nack(number));
    }

    /// What event `number` led to is safe: removes it. Does nothing unless it is the first event.
    pub fn ack(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.ack(number));
    }
}

impl<E> Drop for InboxReader<E> {
    fn drop(&mut self) {
        self.shared.detach(self.id);
    }
}

impl<E> fmt::Debug for InboxReader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxReader").field("id", &self.id).finish_non_exhaustive()
    }
}
