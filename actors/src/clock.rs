//! The daemon's clock.

use std::time::{Instant, SystemTime};

use jiff::Timestamp;

/// A steady clock for durations and deadlines, and a wall clock for what is stored or spoken.
#[derive(Debug, Clone, Copy)]
pub struct Clock(supervision::Clock);

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub fn start() -> Self {
        Self(supervision::Clock::system())
    }

    /// A wall clock that shows `wall` now and follows tokio's clock. For tests, and for simulated
    /// calls on a given day.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self(supervision::Clock::starting_at(SystemTime::from(wall)))
    }

    /// The time of the steady clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.0.now()
    }

    /// The time of the wall clock.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        Timestamp::try_from(self.0.wall()).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_time_moves_both_clocks_by_the_same_amount() {
        let base: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(base);
        let start = clock.now();

        tokio::time::advance(Duration::from_secs(90)).await;

        assert_eq!(clock.now() - start, Duration::from_secs(90));
        assert_eq!(clock.wall().to_string(), "2026-11-21T10:01:30Z");
    }
}
