//! What an inbox and its reader share: the queue, its free room and the wake flag.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, TryAcquireError};

use super::error::{InboxClosed, TrySendError};
use super::queue::{Queue, SendOutcome};
use crate::wake::{WakeFlag, WakeFn, wake};

/// How often an inbox's bounds took effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxStats {
    /// Sends that had to wait for room.
    pub waited: u64,
    /// Events refused because the inbox was full.
    pub refused: u64,
    /// Numbered events that had been sent before.
    pub duplicates: u64,
    /// Events dropped because they crashed their handler [`MAX_ATTEMPTS`](super::MAX_ATTEMPTS)
    /// times.
    pub dead_letters: u64,
}

/// The lock is held for a few queue operations: never while a reader is woken, never across an
/// await.
pub(super) struct Shared<E> {
    state: Mutex<State<E>>,
    /// One permit for each event that still has room. Closed with the inbox.
    room: Semaphore,
    waited: AtomicU64,
    refused: AtomicU64,
    duplicates: AtomicU64,
}

struct State<E> {
    queue: Queue<E>,
    wake: WakeFlag,
    /// The id of the reader that was attached last.
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

    /// Waits for room and reserves it. A push must follow.
    pub(super) async fn room(&self) -> Result<(), InboxClosed> {
        if self.room.available_permits() == 0 {
            self.waited.fetch_add(1, Ordering::Relaxed);
        }
        self.room.acquire().await.map_err(|_| InboxClosed)?.forget();
        Ok(())
    }

    /// Reserves room if there is some. A push must follow.
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
        let outcome = state.queue.push_numbered(number, event);
        let due = match outcome {
            SendOutcome::Accepted => state.wake.raise(),
            SendOutcome::Duplicate => None,
        };
        drop(state);
        if outcome == SendOutcome::Duplicate {
            self.duplicates.fetch_add(1, Ordering::Relaxed);
            self.room.add_permits(1);
        }
        wake(due);
        outcome
    }

    /// Whether the number was sent before. Counts the duplicate if so.
    pub(super) fn is_duplicate(&self, number: u64) -> bool {
        let duplicate = self.state().queue.is_duplicate(number);
        if duplicate {
            self.duplicates.fetch_add(1, Ordering::Relaxed);
        }
        duplicate
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

    /// Attaches a new reader and returns its id.
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

    /// Detaches `reader`, unless another has replaced it.
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

    /// Runs `read` on the queue for `reader`. Returns `None` if another reader has replaced it.
    pub(super) fn read<T>(&self, reader: u64, read: impl FnOnce(&mut Queue<E>) -> T) -> Option<T> {
        let mut state = self.state();
        if state.reader != reader {
            return None;
        }
        let before = state.queue.len();
        let result = read(&mut state.queue);
        let freed = before - state.queue.len();
        drop(state);
        if freed > 0 {
            self.room.add_permits(freed);
        }
        Some(result)
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        // A panic never leaves the queue half changed, so a poisoned lock can be used.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
