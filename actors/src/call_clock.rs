//! The time of one call. `protocol::call` counts from the beginning of the call; alarms and sockets
//! use the daemon's steady clock.

use std::time::Instant;

use protocol::call::{Moment, Now};

use crate::clock::Clock;

/// A call's clock.
#[derive(Debug, Clone, Copy)]
pub struct CallClock {
    clock: Clock,
    /// When the call began.
    zero: Instant,
}

impl CallClock {
    /// The clock of a call that begins now.
    #[must_use]
    pub fn start(clock: Clock) -> Self {
        Self { clock, zero: clock.now() }
    }

    /// The time, by both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { at: self.moment(self.clock.now()), wall: self.clock.wall() }
    }

    /// When that was in the call. What came before it counts as its beginning.
    #[must_use]
    pub fn moment(&self, at: Instant) -> Moment {
        Moment::after(at.saturating_duration_since(self.zero))
    }

    /// When that is by the daemon's steady clock.
    #[must_use]
    pub fn instant(&self, at: Moment) -> Instant {
        self.zero + at.since_beginning()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_counts_from_its_beginning() {
        let clock = Clock::start();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(7)).await;
        let time = CallClock::start(clock);
        assert_eq!(time.now().at, Moment::ZERO);
        assert_eq!(time.moment(before), Moment::ZERO);
        tokio::time::advance(Duration::from_secs(3)).await;
        let now = time.now().at;
        assert_eq!(now, Moment::after(Duration::from_secs(3)));
        assert_eq!(time.instant(now), clock.now());
    }
}
