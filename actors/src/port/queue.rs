//! What waits in a port: numbers, attempts, what was set aside. No lock, no waiting.

use std::collections::VecDeque;
use std::sync::Arc;

/// How often an event is begun. One that crashed its handler this often is set aside.
pub const ATTEMPTS: u32 = 2;

/// An event that its reader has begun and not yet removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun<E> {
    /// Its place among all events of this port: 1, 2, 3, …
    pub number: u64,
    /// How often it has been begun, this time included; more than 1 after a crash.
    pub attempt: u32,
    /// The event; shared with the port, which keeps it for a successor.
    pub event: Arc<E>,
}

/// What became of a numbered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It waits in the port.
    Accepted,
    /// It had come before, and was dropped.
    Duplicate,
}

pub(super) struct Queue<E> {
    waiting: VecDeque<Waiting<E>>,
    last_number: u64,
    /// The highest number that came from the numbering sender.
    seen: u64,
    set_aside: u64,
}

struct Waiting<E> {
    number: u64,
    begun: u32,
    event: Arc<E>,
}

impl<E> Queue<E> {
    pub(super) fn new() -> Self {
        Self { waiting: VecDeque::new(), last_number: 0, seen: 0, set_aside: 0 }
    }

    pub(super) fn push(&mut self, event: E) {
        self.last_number += 1;
        let (number, event) = (self.last_number, Arc::new(event));
        self.waiting.push_back(Waiting { number, begun: 0, event });
    }

    pub(super) fn has_seen(&self, number: u64) -> bool {
        number <= self.seen
    }

    pub(super) fn push_numbered(&mut self, number: u64, event: E) -> Delivered {
        if self.has_seen(number) {
            return Delivered::Duplicate;
        }
        self.seen = number;
        self.push(event);
        Delivered::Accepted
    }

    /// Sets the first event aside if it has been begun as often as it may; gives its number.
    pub(super) fn set_worn_out_aside(&mut self) -> Option<u64> {
        let worn_out = self.waiting.pop_front_if(|first| first.begun >= ATTEMPTS)?;
        self.set_aside += 1;
        Some(worn_out.number)
    }

    pub(super) fn begin_first(&mut self) -> Option<Begun<E>> {
        let first = self.waiting.front_mut()?;
        first.begun += 1;
        let event = Arc::clone(&first.event);
        Some(Begun { number: first.number, attempt: first.begun, event })
    }

    /// The attempt that `number` is at is taken back.
    pub(super) fn not_begun(&mut self, number: u64) {
        if let Some(first) = self.waiting.front_mut()
            && first.number == number
        {
            first.begun = first.begun.saturating_sub(1);
        }
    }

    pub(super) fn remove_first(&mut self, number: u64) -> bool {
        self.waiting.pop_front_if(|first| first.number == number).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn set_aside(&self) -> u64 {
        self.set_aside
    }
}
