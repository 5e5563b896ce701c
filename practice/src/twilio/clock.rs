//! The line's clock: media time in samples, possibly faster than wall time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::clock::now;
use crate::speech::duration_of;

/// Samples of one frame, 20 ms.
pub(super) const FRAME: u64 = 160;

/// The length of a sample.
const SAMPLE_NANOS: f64 = 125_000.0;

/// Counts samples since a call was dialled. Frames, playout, pauses and ringing use it. Time limits
/// of HTTP requests use wall time.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineClock {
    origin: Instant,
    speed: f64,
}

impl LineClock {
    /// A clock that starts now and runs `speed` times as fast as wall time.
    pub(super) fn start(speed: f64) -> Self {
        Self { origin: now(), speed }
    }

    /// Samples since the start.
    pub(super) fn samples(&self) -> u64 {
        let passed = now().saturating_duration_since(self.origin).as_nanos() as f64;
        // Rounding must not take back a sample that was waited for: that would be waited for again
        // and again while the time stands still.
        (passed * self.speed / SAMPLE_NANOS + 1e-6) as u64
    }

    pub(super) fn elapsed(&self) -> Duration {
        duration_of(self.samples())
    }

    /// Sleeps until this many samples have passed since the start.
    pub(super) async fn reach(&self, samples: u64) {
        let due = (samples as f64 * SAMPLE_NANOS / self.speed).ceil();
        tokio::time::sleep_until(self.origin + Duration::from_nanos(due as u64)).await;
    }

    /// Sleeps for this much line time.
    pub(super) async fn pass(&self, line: Duration) {
        tokio::time::sleep(line.div_f64(self.speed)).await;
    }
}

/// The date format of Twilio's REST API and call callbacks.
pub(super) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_position_that_was_waited_for_is_reached_and_not_passed_by_more_than_a_timers_step() {
        for speed in [1.0, 1.3, 4.0, 7.0, 200.0] {
            let clock = LineClock::start(speed);
            for frame in 1..2000 {
                let wanted = frame * FRAME;
                clock.reach(wanted).await;
                let step = (speed * 8.0).ceil() as u64;
                let reached = clock.samples();
                assert!((wanted..=wanted + step).contains(&reached), "{reached} of {wanted}");
            }
        }
    }

    #[test]
    fn dates_are_written_as_in_twilios_answers() {
        let at: Timestamp = "2026-11-21T08:05:09Z".parse().unwrap();
        assert_eq!(rfc2822(at), "Sat, 21 Nov 2026 08:05:09 +0000");
    }
}
