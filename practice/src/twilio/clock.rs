//! The line's clock: media time in samples, possibly faster than wall time.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::speech::{SAMPLE_RATE, duration_of};

/// Samples of one frame, 20 ms.
pub(super) const FRAME: u64 = 160;

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
        let line = now().saturating_duration_since(self.origin).as_secs_f64() * self.speed;
        (line * f64::from(SAMPLE_RATE)) as u64
    }

    pub(super) fn elapsed(&self) -> Duration {
        duration_of(self.samples())
    }

    /// Sleeps until this many samples have passed since the start.
    pub(super) async fn reach(&self, samples: u64) {
        let line = samples as f64 / f64::from(SAMPLE_RATE);
        let due = self.origin + Duration::from_secs_f64(line / self.speed);
        tokio::time::sleep_until(due.into()).await;
    }

    /// Sleeps for this much line time.
    pub(super) async fn pass(&self, line: Duration) {
        tokio::time::sleep(line.div_f64(self.speed)).await;
    }
}

/// For dates in callbacks and REST answers.
#[expect(clippy::disallowed_methods, reason = "the practice carrier is outside the daemon")]
pub(super) fn wall() -> Timestamp {
    Timestamp::now()
}

/// The date format of Twilio's REST API and call callbacks.
pub(super) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[expect(clippy::disallowed_methods, reason = "the practice carrier is outside the daemon")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_in_twilios_answers() {
        let at: Timestamp = "2026-11-21T08:05:09Z".parse().unwrap();
        assert_eq!(rfc2822(at), "Sat, 21 Nov 2026 08:05:09 +0000");
    }
}
