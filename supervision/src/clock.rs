//! The only code that reads the time. Everything else takes it as an argument.

use std::time::{Instant, SystemTime};

/// A steady clock for durations and deadlines, and a wall clock for what is stored or shown.
///
/// The steady clock is tokio's: a test that pauses tokio's time controls it. A wall clock made by
/// [`starting_at`](Self::starting_at) follows it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: Wall,
}

#[derive(Debug, Clone, Copy)]
enum Wall {
    /// The machine's clock.
    System,
    /// It showed `showed` when the steady clock showed `at`.
    Anchored { at: Instant, showed: SystemTime },
}

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub fn system() -> Self {
        Self { wall: Wall::System }
    }

    /// A wall clock that shows `wall` now and follows the steady clock.
    #[must_use]
    pub fn starting_at(wall: SystemTime) -> Self {
        Self { wall: Wall::Anchored { at: steady(), showed: wall } }
    }

    /// The time of the steady clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        steady()
    }

    /// The time of the wall clock.
    #[must_use]
    pub fn wall(&self) -> SystemTime {
        match self.wall {
            Wall::System => system_wall(),
            Wall::Anchored { at, showed } => showed + steady().saturating_duration_since(at),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the steady clock is read")]
fn steady() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[expect(clippy::disallowed_methods, reason = "this is where the wall clock is read")]
fn system_wall() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_time_moves_both_clocks_by_the_same_amount() {
        let base = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let clock = Clock::starting_at(base);
        let start = clock.now();

        tokio::time::advance(Duration::from_secs(90)).await;

        assert_eq!(clock.now() - start, Duration::from_secs(90));
        assert_eq!(clock.wall(), base + Duration::from_secs(90));
    }
}
