//! The time in a trace.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actors::clock::Clock;

/// Virtual time since a simulation began. Zero before. Clones are the same stopwatch.
#[derive(Debug, Clone, Default)]
pub struct Stopwatch(Arc<OnceLock<(Clock, Instant)>>);

impl Stopwatch {
    /// The simulation begins now. Only the first call counts.
    pub fn start(&self, clock: &Clock) {
        let now = clock.now();
        let _ = self.0.set((*clock, now));
    }

    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.get().map_or(Duration::ZERO, |(clock, began)| clock.now() - *began)
    }

    #[must_use]
    pub fn milliseconds(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
