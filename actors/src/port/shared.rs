//! What a port's owner, its senders and its reader share: the queue, its room and the bell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, TryAcquireError};

use super::queue::{Delivered, Queue};
use super::{NotTaken, PortClosed, Pressure};
use crate::bell::{Bell, Ring, sound};

/// The lock is held for a few moves of a queue, never while a bell is rung and never over an await.
pub(super) struct Shared<E> {
    state: Mutex<State<E>>,
    /// One permit for each event that may still come; closed with the port.
    room: Semaphore,
    waited: AtomicU64,
    refused: AtomicU64,
    duplicates: AtomicU64,
}

struct State<E> {
    queue: Queue<E>,
    bell: Bell,
    /// Which reader is the present one.
    reader: u64,
}

impl<E> Shared<E> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State { queue: Queue::new(), bell: Bell::default(), reader: 0 }),
            room: Semaphore::new(capacity.clamp(1, Semaphore::MAX_PERMITS)),
            waited: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
        }
    }

    /// Waits for room and reserves it; a push must follow.
    pub(super) async fn room(&self) -> Result<(), PortClosed> {
        if self.room.available_permits() == 0 {
            self.waited.fetch_add(1, Ordering::Relaxed);
        }
        self.room.acquire().await.map_err(|_| PortClosed)?.forget();
        Ok(())
    }

    /// Reserves room if there is some; a push must follow.
    pub(super) fn room_now(&self) -> Result<(), NotTaken> {
        match self.room.try_acquire() {
            Ok(permit) => {
                permit.forget();
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(NotTaken::Full)
            }
            Err(TryAcquireError::Closed) => Err(NotTaken::Closed),
        }
    }

    pub(super) fn push(&self, event: E) {
        let mut state = self.state();
        state.queue.push(event);
        let due = state.bell.due();
        drop(state);
        sound(due);
    }

    pub(super) fn push_numbered(&self, number: u64, event: E) -> Delivered {
        let mut state = self.state();
        let delivered = state.queue.push_numbered(number, event);
        let due = match delivered {
            Delivered::Accepted => state.bell.due(),
            Delivered::Duplicate => None,
        };
        drop(state);
        if delivered == Delivered::Duplicate {
            self.duplicates.fetch_add(1, Ordering::Relaxed);
            self.room.add_permits(1);
        }
        sound(due);
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

    pub(super) fn pressure(&self) -> Pressure {
        Pressure {
            waited: self.waited.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            duplicates: self.duplicates.load(Ordering::Relaxed),
            set_aside: self.state().queue.set_aside(),
        }
    }

    /// Makes a new reader the present one and gives its number.
    pub(super) fn attach(&self, ring: Ring) -> u64 {
        let mut state = self.state();
        state.reader += 1;
        state.bell.attach(ring);
        let reader = state.reader;
        let due = if state.queue.len() > 0 { state.bell.due() } else { None };
        drop(state);
        sound(due);
        reader
    }

    /// Forgets the bell of `reader`, if it is still the present one.
    pub(super) fn detach(&self, reader: u64) {
        let mut state = self.state();
        if state.reader == reader {
            state.bell.detach();
        }
    }

    /// `reader` has its doorbell in hand: the next event rings again.
    pub(super) fn answer(&self, reader: u64) {
        let mut state = self.state();
        if state.reader == reader {
            state.bell.answered();
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
