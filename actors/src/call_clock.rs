//! The time of one call. `protocol::call` counts from the beginning of the call; alarms and sockets
//! use the daemon's steady clock.

use std::time::{Duration, Instant};

use protocol::call::{Moment, Now};

use crate::clock::Clock;

/// A call's clock.
#[derive(Debug, Clone, Copy)]
pub struct CallClock {
    clock: Clock,
    /// When this process took the call.
    zero: Instant,
    /// How long the call had lasted then.
    lasted: Duration,
}

impl CallClock {
    /// The clock of a call that begins now.
    #[must_use]
    pub fn start(clock: Clock) -> Self {
        Self { clock, zero: clock.now(), lasted: Duration::ZERO }
    }

    /// The clock of a call of which another process wrote, at `taken`, how long it had lasted. The wall
    /// clock tells the time since; one that was set back counts as none.
    #[must_use]
    pub fn go_on(clock: Clock, taken: Now) -> Self {
        let since = Duration::try_from(clock.wall().duration_since(taken.wall)).unwrap_or_default();
        let lasted = taken.at.since_beginning().saturating_add(since);
        Self { clock, zero: clock.now(), lasted }
    }

    /// The time, by both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        Now { at: self.moment(self.clock.now()), wall: self.clock.wall() }
    }

    /// When that was in the call. What came before it counts as its beginning.
    #[must_use]
    pub fn moment(&self, at: Instant) -> Moment {
        let before = self.zero.saturating_duration_since(at);
        let after = at.saturating_duration_since(self.zero);
        Moment::after(self.lasted.saturating_sub(before).saturating_add(after))
    }

    /// When that is by the daemon's steady clock.
    #[must_use]
    pub fn instant(&self, at: Moment) -> Instant {
        let at = at.since_beginning();
        match at.checked_sub(self.lasted) {
            Some(after) => self.zero + after,
            // It is past in any case.
            None => self.zero.checked_sub(self.lasted - at).unwrap_or(self.zero),
        }
    }
}

#[cfg(test)]
mod tests {
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

    #[tokio::test(start_paused = true)]
    async fn res_4_a_call_goes_on_counting_in_another_process() {
        let clock = Clock::starting_at(jiff::Timestamp::UNIX_EPOCH);
        let taken = Now { at: Moment::after(Duration::from_secs(600)), wall: clock.wall() };
        tokio::time::advance(Duration::from_secs(4)).await;
        let time = CallClock::go_on(clock, taken);
        assert_eq!(time.now().at, Moment::after(Duration::from_secs(604)));
        tokio::time::advance(Duration::from_secs(6)).await;
        let now = time.now().at;
        assert_eq!(now, Moment::after(Duration::from_secs(610)));
        assert_eq!(time.instant(now), clock.now());
        let past = Moment::after(Duration::from_secs(607));
        assert_eq!(time.instant(past), clock.now() - Duration::from_secs(3));
        assert_eq!(time.moment(time.instant(past)), past);
        assert!(time.instant(Moment::ZERO) <= clock.now());
        // The wall clock was set back.
        let ahead = Now { wall: clock.wall() + jiff::SignedDuration::from_secs(9), ..taken };
        assert_eq!(CallClock::go_on(clock, ahead).now().at, taken.at);
    }
}
