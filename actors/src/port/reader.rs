//! The reading end of a port, held by one generation of an actor.

use std::fmt;
use std::sync::Arc;

use super::queue::{Begun, Queue};
use super::shared::Shared;
use crate::bell::Ring;

/// The reading end. Only the one attached last reads; an older one finds nothing, so that what a
/// dead generation left behind takes no event from its successor.
pub struct Reader<E> {
    shared: Arc<Shared<E>>,
    id: u64,
}

impl<E> Reader<E> {
    pub(super) fn new(shared: Arc<Shared<E>>, ring: Ring) -> Self {
        let id = shared.attach(ring);
        Self { shared, id }
    }

    /// The doorbell has been taken from the mailbox; what comes from now on rings again. To be
    /// called first when a doorbell is handled: an event that comes while the port is being read
    /// then costs one doorbell too many, and none is ever missed.
    pub fn answer(&self) {
        self.shared.answer(self.id);
    }

    /// The first event, which stays in the port until it is [removed](Self::remove). Every call
    /// counts as one attempt at it; an event begun [`ATTEMPTS`](super::ATTEMPTS) times without
    /// being removed crashed its handler as often: it is set aside, logged and counted, and the
    /// next one is begun.
    #[must_use]
    pub fn begin_next(&self) -> Option<Begun<E>> {
        while let Some(number) = self.shared.read(self.id, Queue::set_worn_out_aside).flatten() {
            tracing::error!(number, "an event crashed its handler too often and was set aside");
        }
        self.shared.read(self.id, Queue::begin_first).flatten()
    }

    /// Event `number` was begun and could not be carried out, for no fault of its own: it stays, and
    /// the attempt does not count.
    pub fn not_begun(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.not_begun(number));
    }

    /// Removes the first event if it is number `number`, because what it led to is safe.
    pub fn remove(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.remove_first(number));
    }
}

impl<E> Drop for Reader<E> {
    fn drop(&mut self) {
        self.shared.detach(self.id);
    }
}

impl<E> fmt::Debug for Reader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("id", &self.id).finish_non_exhaustive()
    }
}
