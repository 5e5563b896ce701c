//! The one place that reads the clocks. Everything else is told what time it is.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use uuid::{ContextV7, Uuid};

/// The daemon's clocks. The wall clock is read once and carried on by the monotonic one, so that it
/// never jumps within a run and moves with a paused clock in tests.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    started_wall: Timestamp,
}

impl Clock {
    /// The clocks of this process.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clocks are read")]
    pub fn start() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// Clocks that say `wall` now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clocks are read")]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { started: tokio::time::Instant::now().into_std(), started_wall: wall }
    }

    /// For durations and deadlines.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clocks are read")]
    pub fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// For records.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        let passed = self.now().saturating_duration_since(self.started);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        self.started_wall.saturating_add(passed).unwrap_or(self.started_wall)
    }

    /// A new row's key; keys sort by time.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let wall = self.wall();
        let seconds = u64::try_from(wall.as_second()).unwrap_or(0);
        let nanos = u32::try_from(wall.subsec_nanosecond()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(ContextV7::new(), seconds, nanos))
    }
}
