//! What an inbox, its senders and its reader share: the queue, its room and the wake flag.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, TryAcquireError};

use super::queue::{Queue, SendOutcome};
use super::{InboxClosed, InboxStats, TrySendError};
use crate::wake::{WakeFlag, WakeFn, wake};

/// The lock is held for a few moves of a queue, never while a reader is woken and never over an await.
pub(super) struct Shared<E> {
    state: Mutex<State<E>>,
    /// One permit for each event that may still come; closed with the inbox.
    room: Semaphore,
    waited: AtomicU64,
    refused: AtomicU64,
    duplicates: AtomicU64,
}

struct State<E> {
    queue: Queue<E>,
    wake: WakeFlag,
    /// Which reader is the present one.
    reader: u64,
}

impl<E> Shared<E> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State { queue: Queue::new(), wake: WakeFlag::default(), reader: 0 }),
            room: Semaphore::new(capacity.clamp(1, Semaphore::MAX_PERMITS)),
            waited: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
        }
    }

    /// Waits for room and reserves it; a push must follow.
    pub(super) async fn room(&self) -> Result<(), InboxClosed> {
        if self.room.available_permits() == 0 {
            self.waited.fetch_add(1, Ordering::Relaxed);
        }
        self.room.acquire().await.map_err(|_| InboxClosed)?.forget();
        Ok(())
    }

    /// Reserves room if there is some; a push must follow.
    pub(super) fn room_now(&self) -> Result<(), TrySendError> {
        match self.room.try_acquire() {
            Ok(permit) => {
                permit.forget();
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(TrySendError::Full)
            }
            Err(TryAcquireError::Closed) => Err(TrySendError::Closed),
        }
    }

    pub(super) fn push(&self, event: E) {
        let mut state = self.state();
        state.queue.push(event);
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    pub(super) fn push_numbered(&self, number: u64, event: E) -> SendOutcome {
        let mut state = self.state();
        let delivered = state.queue.push_numbered(number, event);
        let due = match delivered {
            SendOutcome::Accepted => state.wake.raise(),
            SendOutcome::Duplicate => None,
        };
        drop(state);
        if delivered == SendOutcome::Duplicate {
            self.duplicates.fetch_add(1, Ordering::Relaxed);
            self.room.add_permits(1);
        }
        wake(due);
        delivered
    }

    /// Whether the number has come before; if so, the duplicate is counted.
    pub(super) fn is_duplicate(&self, number: u64) -> bool {
        let seen = self.state().queue.has_seen(number);
        if seen {
            self.duplicates.fetch_add(1, Ordering::Relaxed);
        }
        seen
    }

    pub(super) fn close(&self) {
        self.room.close();
    }

    pub(super) fn depth(&self) -> usize {
        self.state().queue.len()
    }

    pub(super) fn stats(&self) -> InboxStats {
        InboxStats {
            waited: self.waited.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            duplicates: self.duplicates.load(Ordering::Relaxed),
            dead_letters: self.state().queue.dead_letters(),
        }
    }

    /// Makes a new reader the present one and gives its number.
    pub(super) fn attach(&self, reader: WakeFn) -> u64 {
        let mut state = self.state();
        state.reader += 1;
        state.wake.attach(reader);
        let id = state.reader;
        let due = if state.queue.len() > 0 { state.wake.raise() } else { None };
        drop(state);
        wake(due);
        id
    }

    /// Forgets `reader`, if it is still the present one.
    pub(super) fn detach(&self, reader: u64) {
        let mut state = self.state();
        if state.reader == reader {
            state.wake.detach();
        }
    }

    /// `reader` took its wake message: the next event wakes it again.
    pub(super) fn woken(&self, reader: u64) {
        let mut state = self.state();
        if state.reader == reader {
            state.wake.lower();
        }
    }

    /// Runs `read` on the queue for `reader`, unless another has taken its place.
    pub(super) fn read<T>(&self, reader: u64, read: impl FnOnce(&mut Queue<E>) -> T) -> Option<T> {
        let mut state = self.state();
        if state.reader != reader {
            return None;
        }
        let before = state.queue.len();
        let result = read(&mut state.queue);
        let gone = before - state.queue.len();
        drop(state);
        if gone > 0 {
            self.room.add_permits(gone);
        }
        Some(result)
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        // Every section leaves the queue whole, whatever panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
