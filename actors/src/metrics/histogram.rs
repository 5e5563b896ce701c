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

    /// The observation in the middle, as far as the bounds tell: as if those between two bounds were spread evenly.
    /// `None` if there is none, or if it is above the last bound.
    #[must_use]
    pub fn median(&self) -> Option<Duration> {
        let cumulative = self.cumulative();
        let (_, all) = *cumulative.last()?;
        let half = all.div_ceil(2);
        let mut below = (Duration::ZERO, 0);
        for (bound, count) in cumulative {
            let bound = bound?;
            if all > 0 && count >= half {
                let within = u32::try_from(count - below.1).ok()?;
                let steps = u32::try_from(half - below.1).ok()?;
                return Some(below.0 + (bound - below.0) * steps / within.max(1));
            }
            below = (bound, count);
        }
        None
    }

    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_3_the_median_lies_between_the_bounds_that_hold_it() {
        let waits = Histogram::new(&[100, 200, 400]);
        assert_eq!(waits.median(), None, "nothing was observed");
        for micros in [50, 150, 160, 170, 390] {
            waits.observe(Duration::from_micros(micros));
        }
        // The third of five is the second of three between 100 and 200.
        assert_eq!(waits.median(), Some(Duration::from_nanos(166_666)));
        for _ in 0..6 {
            waits.observe(Duration::from_micros(1_000));
        }
        assert_eq!(waits.median(), None, "above the last bound");
    }
}
