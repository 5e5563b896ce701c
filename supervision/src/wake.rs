//! Wakes an actor through its mailbox, at most once at a time.
//!
//! A wake message says that something waits elsewhere: in an [`Inbox`](crate::Inbox), or in a queue of
//! your own. However much waits, one wake message lies in the mailbox.

use std::sync::Arc;

use ractor::{ActorRef, Message};

/// Wakes the reader. It must not block and must not touch the queue it wakes for.
pub type WakeFn = Arc<dyn Fn() + Send + Sync>;

/// Whether a queue's reader has been woken and has not answered yet.
///
/// Keep it under the queue's own lock, so that nothing is added between reading the flag and setting
/// it. [`raise`](Self::raise) returns what to call; [`wake`] calls it after the lock is released.
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
/// wake(woken); // no reader is attached yet: does nothing
/// ```
#[derive(Default)]
pub struct WakeFlag {
    reader: Option<WakeFn>,
    raised: bool,
}

impl WakeFlag {
    /// Wakes through `reader` from now on. Its mailbox holds no wake message yet.
    pub fn attach(&mut self, reader: WakeFn) {
        *self = Self { reader: Some(reader), raised: false };
    }

    /// Forgets the reader.
    pub fn detach(&mut self) {
        self.reader = None;
    }

    /// Something waits. Returns what to call, or `None` if the reader was woken already.
    #[must_use]
    pub fn raise(&mut self) -> Option<WakeFn> {
        let reader = self.reader.as_ref().filter(|_| !self.raised)?;
        self.raised = true;
        Some(Arc::clone(reader))
    }

    /// The reader took the wake message from its mailbox: the next addition wakes it again.
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

/// A [`WakeFn`] that casts `message` to `actor`.
pub fn of_actor<M: Message>(actor: ActorRef<M>, message: fn() -> M) -> WakeFn {
    Arc::new(move || {
        // An actor that has stopped is not woken. Its successor is, when it attaches.
        let _ = actor.cast(message());
    })
}
