//! A stopwatch that can be paused.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::Moment;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stopwatch {
    Paused { counted: Duration },
    Running { counted: Duration, since: Moment },
}

impl Default for Stopwatch {
    fn default() -> Self {
        Self::Paused { counted: Duration::ZERO }
    }
}

impl Stopwatch {
    pub(super) fn counted(self, now: Moment) -> Duration {
        match self {
            Self::Paused { counted } => counted,
            Self::Running { counted, since } => counted + now.saturating_duration_since(since),
        }
    }

    pub(super) fn pause(&mut self, now: Moment) {
        *self = self.paused(now);
    }

    pub(super) fn paused(self, now: Moment) -> Self {
        Self::Paused { counted: self.counted(now) }
    }

    pub(super) fn run(&mut self, now: Moment) {
        if let Self::Paused { counted } = *self {
            *self = Self::Running { counted, since: now };
        }
    }

    /// When it will have counted `time`. `None` while it is paused.
    pub(super) fn reaches(self, time: Duration) -> Option<Moment> {
        match self {
            Self::Paused { .. } => None,
            Self::Running { counted, since } => Some(since + time.saturating_sub(counted)),
        }
    }
}
