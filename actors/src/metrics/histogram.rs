//! Numbers that grow: counts and distributions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often something took how long.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds in microseconds, each of them included.
    bounds: &'static [u64],
    /// One for each bound, and one for what is above all of them.
    counts: Vec<Counter>,
    sum_micros: Counter,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| Counter::default()).collect();
        Self { bounds, counts, sum_micros: Counter::default() }
    }

    pub(super) fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = self.bounds.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get(place) {
            count.add(1);
        }
        self.sum_micros.add(micros);
    }

    /// Each upper bound with the number of observations up to it; `None` is the last, without a bound.
    #[must_use]
    pub fn cumulative(&self) -> Vec<(Option<Duration>, u64)> {
        let bounds = self.bounds.iter().map(|bound| Some(Duration::from_micros(*bound)));
        let counts = self.counts.iter().scan(0, |sum, count| {
            *sum += count.get();
            Some(*sum)
        });
        bounds.chain([None]).zip(counts).collect()
    }

    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros.get())
    }
}
