//! Events for CallActor that its inbox has no room for yet. They are part of a leased state, so a
//! successor sends what its predecessor could not.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use protocol::call::Event;
use supervision::Inbox;

/// The pause before something that found no room is sent again.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Reports that may wait. With more, the actor handles no further events.
const MAX_REPORTS: usize = 32;

/// Events for CallActor, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    waiting: VecDeque<Event>,
}

impl Reports {
    pub(crate) fn push(&mut self, report: Event) {
        self.waiting.push_back(report);
    }

    /// Whether the actor must handle no further events for now.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_REPORTS
    }

    /// Sends as many as the call's inbox has room for.
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
        (!self.waiting.is_empty()).then(|| now + RETRY_PAUSE)
    }

    /// Removes and returns all reports.
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
