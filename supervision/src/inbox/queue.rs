//! The queue of an inbox: numbers, attempts, dead letters. It neither locks nor waits.

use std::collections::VecDeque;
use std::sync::Arc;

/// How often an event is delivered. One that crashed its handler this often is dropped as a dead
/// letter.
pub const MAX_ATTEMPTS: u32 = 2;

/// An event that its reader received and has not acknowledged yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery<E> {
    /// Its number in this inbox: 1, 2, 3, …
    pub number: u64,
    /// How often it was delivered, including this time: more than 1 after a crash.
    pub attempt: u32,
    /// The event. The inbox keeps it for a successor of the reader.
    pub event: Arc<E>,
}

/// What an inbox did with a numbered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// It is in the inbox.
    Accepted,
    /// Its number was accepted before. The event was dropped.
    Duplicate,
}

pub(super) struct Queue<E> {
    waiting: VecDeque<Waiting<E>>,
    last_number: u64,
    /// The highest number that the numbering sender used.
    highest_sent: u64,
    dead_letters: u64,
}

struct Waiting<E> {
    number: u64,
    attempts: u32,
    event: Arc<E>,
}

impl<E> Queue<E> {
    pub(super) fn new() -> Self {
        Self { waiting: VecDeque::new(), last_number: 0, highest_sent: 0, dead_letters: 0 }
    }

    pub(super) fn push(&mut self, event: E) {
        self.last_number += 1;
        let (number, event) = (self.last_number, Arc::new(event));
        self.waiting.push_back(Waiting { number, attempts: 0, event });
    }

    pub(super) fn is_duplicate(&self, number: u64) -> bool {
        number <= self.highest_sent
    }

    pub(super) fn push_numbered(&mut self, number: u64, event: E) -> SendOutcome {
        if self.is_duplicate(number) {
            return SendOutcome::Duplicate;
        }
        self.highest_sent = number;
        self.push(event);
        SendOutcome::Accepted
    }

    /// Drops the first event if it has no attempt left. Returns its number.
    pub(super) fn drop_dead_letter(&mut self) -> Option<u64> {
        let dead = self.waiting.pop_front_if(|first| first.attempts >= MAX_ATTEMPTS)?;
        self.dead_letters += 1;
        Some(dead.number)
    }

    pub(super) fn deliver_first(&mut self) -> Option<Delivery<E>> {
        let first = self.waiting.front_mut()?;
        first.attempts += 1;
        let event = Arc::clone(&first.event);
        Some(Delivery { number: first.number, attempt: first.attempts, event })
    }

    /// The first events, as long as `joins` takes them. One that was delivered before is alone.
    pub(super) fn deliver_batch(&mut self, mut joins: impl FnMut(&E) -> bool) -> Vec<Delivery<E>> {
        let mut batch: Vec<Delivery<E>> = Vec::new();
        for next in &mut self.waiting {
            let alone = next.attempts > 0;
            let more = joins(&next.event);
            if !batch.is_empty() && (alone || !more) {
                break;
            }
            next.attempts += 1;
            let event = Arc::clone(&next.event);
            batch.push(Delivery { number: next.number, attempt: next.attempts, event });
            if alone {
                break;
            }
        }
        batch
    }

    /// The last attempt at each event up to `number` does not count.
    pub(super) fn nack_through(&mut self, number: u64) {
        for waiting in self.waiting.iter_mut().take_while(|waiting| waiting.number <= number) {
            waiting.attempts = waiting.attempts.saturating_sub(1);
        }
    }

    pub(super) fn ack(&mut self, number: u64) -> bool {
        self.waiting.pop_front_if(|first| first.number == number).is_some()
    }

    /// The first `max` events. Looking is no attempt.
    pub(super) fn first(&self, max: usize) -> Vec<(u64, Arc<E>)> {
        let first = self.waiting.iter().take(max);
        first.map(|waiting| (waiting.number, Arc::clone(&waiting.event))).collect()
    }

    pub(super) fn ack_through(&mut self, number: u64) {
        while self.waiting.pop_front_if(|first| first.number <= number).is_some() {}
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn dead_letters(&self) -> u64 {
        self.dead_letters
    }
}
