//! Events for the call that its inbox has had no room for yet. Part of a leased state, so that a successor
//! sends what its predecessor had to report.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use protocol::call::Event;
use supervision::Inbox;

/// How soon what found no room is offered again.
pub(crate) const OFFER_AGAIN: Duration = Duration::from_millis(20);

/// Reports that may wait. With more, no further events are taken in.
const MOST: usize = 32;

/// Reports for the call, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    waiting: VecDeque<Event>,
}

impl Reports {
    pub(crate) fn push(&mut self, report: Event) {
        self.waiting.push_back(report);
    }

    /// Whether so many wait that no further events may be taken in.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST
    }

    /// Sends what the call's inbox has room for.
    pub(crate) fn send(&mut self, call: &Inbox<Event>) {
        while let Some(report) = self.waiting.front() {
            if call.try_send(report.clone()).is_err() {
                break;
            }
            self.waiting.pop_front();
        }
    }

    /// When to [`send`](Self::send) again; `None` if nothing waits.
    pub(crate) fn retry_at(&self, now: Instant) -> Option<Instant> {
        (!self.waiting.is_empty()).then(|| now + OFFER_AGAIN)
    }

    /// Takes all that waits.
    #[cfg(test)]
    pub(crate) fn drain(&mut self) -> Vec<Event> {
        self.waiting.drain(..).collect()
    }
}

impl Extend<Event> for Reports {
    fn extend<T: IntoIterator<Item = Event>>(&mut self, reports: T) {
        self.waiting.extend(reports);
    }
}
