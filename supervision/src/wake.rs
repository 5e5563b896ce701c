//! Wake messages: they tell an actor to look into an [`Inbox`](crate::Inbox), or into a queue of
//! your own.
//!
//! The mailbox holds at most one of them per queue, however much waits in the queue.

use std::sync::Arc;

use ractor::{ActorRef, Message};

/// Wakes the reader. It must not block and must not use the queue.
pub type WakeFn = Arc<dyn Fn() + Send + Sync>;

/// Whether a queue's reader was woken and has not taken the wake message yet.
///
/// Keep it under the queue's lock, so that nothing is added between reading the flag and setting
/// it. [`raise`](Self::raise) returns what to call. Pass it to [`wake`] after you released the
/// lock.
///
/// ```
/// use std::sync::Mutex;
/// use supervision::wake::{WakeFlag, wake};
///
/// let queue = Mutex::new((Vec::new(), WakeFlag::default()));
/// let woken = {
///     let mut queue = queue.lock().unwrap();
///     queue.0.push("frame");
///     queue.1.raise()
/// };
/// wake(woken); // does nothing: no reader is attached yet
/// ```
#[derive(Default)]
pub struct WakeFlag {
    reader: Option<WakeFn>,
    raised: bool,
}

impl WakeFlag {
    /// Makes `reader` the reader. Its mailbox holds no wake message yet.
    pub fn attach(&mut self, reader: WakeFn) {
        *self = Self { reader: Some(reader), raised: false };
    }

    /// Removes the reader.
    pub fn detach(&mut self) {
        self.reader = None;
    }

    /// Something waits. Returns what to call, or `None` if the reader is woken already or there is
    /// none.
    #[must_use]
    pub fn raise(&mut self) -> Option<WakeFn> {
        let reader = self.reader.as_ref().filter(|_| !self.raised)?;
        self.raised = true;
        Some(Arc::clone(reader))
    }

    /// The reader took the wake message: the next addition wakes it again.
    pub fn lower(&mut self) {
        self.raised = false;
    }
}

/// Calls what [`WakeFlag::raise`] returned.
pub fn wake(reader: Option<WakeFn>) {
    if let Some(reader) = reader {
        reader();
    }
}

/// A [`WakeFn`] that sends `message` to `actor`.
pub fn for_actor<M: Message>(actor: ActorRef<M>, message: fn() -> M) -> WakeFn {
    Arc::new(move || {
        // A stopped actor is not woken. Its successor is, when it attaches.
        let _ = actor.cast(message());
    })
}
