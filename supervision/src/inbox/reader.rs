//! The reading end of an inbox, held by one generation of an actor.

use std::fmt;
use std::sync::Arc;

use super::queue::{Delivery, Queue};
use super::shared::Shared;
use crate::wake::WakeFn;

/// The reading end of an [`Inbox`](super::Inbox). Only the one that was attached last receives
/// events. So a dead generation's reader takes nothing from its successor.
pub struct InboxReader<E> {
    shared: Arc<Shared<E>>,
    id: u64,
}

impl<E> InboxReader<E> {
    pub(super) fn new(shared: Arc<Shared<E>>, wake: WakeFn) -> Self {
        let id = shared.attach(wake);
        Self { shared, id }
    }

    /// The actor took the wake message: the next event wakes it again.
    ///
    /// Call it first when the wake message is handled, before [`receive`](Self::receive). Then no
    /// event is missed. One that arrives while the inbox is read may cost a needless wake message.
    pub fn woken(&self) {
        self.shared.woken(self.id);
    }

    /// The first event. It stays in the inbox until it is [acknowledged](Self::ack). Each call
    /// counts as one attempt.
    ///
    /// An event that was received [`MAX_ATTEMPTS`](super::MAX_ATTEMPTS) times and never
    /// acknowledged has crashed its handler as often. It is dropped, logged and counted, and the
    /// next event is returned.
    #[must_use]
    pub fn receive(&self) -> Option<Delivery<E>> {
        self.drop_dead_letters();
        self.shared.read(self.id, Queue::deliver_first).flatten()
    }

    /// The first event, and those behind it as long as `joins` takes them, as
    /// [`receive`](Self::receive) does. `joins` is asked for the first one too, which comes whatever
    /// it says.
    ///
    /// An event that was received before comes alone. So when a batch has crashed its handler, only
    /// the event that is to blame crashes it again.
    #[must_use]
    pub fn receive_batch(&self, joins: impl FnMut(&E) -> bool) -> Vec<Delivery<E>> {
        self.drop_dead_letters();
        self.shared.read(self.id, |queue| queue.deliver_batch(joins)).unwrap_or_default()
    }

    /// The events up to `number` could not be handled now, and not because of them. They stay where
    /// they are, and the attempt does not count.
    pub fn nack_through(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.nack_through(number));
    }

    /// The first `max` events, with their numbers. They stay in the inbox, and looking at them is no
    /// attempt: for a reader that only moves them to another place.
    #[must_use]
    pub fn peek(&self, max: usize) -> Vec<(u64, Arc<E>)> {
        self.shared.read(self.id, |queue| queue.first(max)).unwrap_or_default()
    }

    /// The events up to `number` are stored elsewhere: removes them.
    pub fn ack_through(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.ack_through(number));
    }

    /// The effects of event `number` are stored: removes it. Does nothing if it is not the first
    /// event.
    pub fn ack(&self, number: u64) {
        self.shared.read(self.id, |queue| queue.ack(number));
    }

    fn drop_dead_letters(&self) {
        while let Some(number) = self.shared.read(self.id, Queue::drop_dead_letter).flatten() {
            tracing::error!(number, "an event crashed its handler too often and was dropped");
        }
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
