//! How long pieces took.

use std::cell::RefCell;

use hdrhistogram::Histogram;

use crate::bench::findings::Latency;

/// Durations in microseconds, up to a minute.
pub(super) struct Distribution(RefCell<Histogram<u64>>);

impl Default for Distribution {
    #[expect(clippy::expect_used, reason = "the bounds are constants that the histogram takes")]
    fn default() -> Self {
        Self(RefCell::new(Histogram::new_with_max(60_000_000, 3).expect("bounds in order")))
    }
}

impl Distribution {
    pub(super) fn record(&self, micros: u64) {
        self.0.borrow_mut().saturating_record(micros);
    }

    pub(super) fn latency(&self) -> Latency {
        Latency::of(&self.0.borrow())
    }

    /// What was recorded since it was taken last.
    pub(super) fn take(&self) -> Latency {
        let latency = self.latency();
        self.0.borrow_mut().reset();
        latency
    }
}
