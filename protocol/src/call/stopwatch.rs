//! A stopwatch that can be paused.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopwatch {
    Paused { counted: Duration },
    Running { counted: Duration, since: Instant },
}

impl Default for Stopwatch {
    fn default() -> Self {
        Self::Paused { counted: Duration::ZERO }
    }
}

impl Stopwatch {
    pub(super) fn counted(self, now: Instant) -> Duration {
        match self {
            Self::Paused { counted } => counted,
            Self::Running { counted, since } => counted + now.saturating_duration_since(since),
        }
    }

    pub(super) fn pause(&mut self, now: Instant) {
        *self = self.paused(now);
    }

    pub(super) fn paused(self, now: Instant) -> Self {
        Self::Paused { counted: self.counted(now) }
    }

    pub(super) fn run(&mut self, now: Instant) {
        if let Self::Paused { counted } = *self {
            *self = Self::Running { counted, since: now };
        }
    }

    /// When it will have counted `time`. `None` while it is paused.
    pub(super) fn reaches(self, time: Duration) -> Option<Instant> {
        match self {
            Self::Paused { .. } => None,
            Self::Running { counted, since } => Some(since + time.saturating_sub(counted)),
        }
    }
}
