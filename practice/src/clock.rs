//! The only code here that reads the time: the steady clock is tokio's, the wall clock a setting.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

/// The wall clock of a carrier, for the dates that it sends.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl WallClock {
    /// A clock that is read like this.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(system_wall)
    }

    /// A clock that shows `wall` now and follows tokio's.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        let started = now();
        Self::new(move || wall + now().saturating_duration_since(started))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WallClock").field(&self.now()).finish()
    }
}

/// The time of tokio's clock, which a test can pause.
#[expect(clippy::disallowed_methods, reason = "this is where the steady clock is read")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this is where the wall clock is read")]
fn system_wall() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_starts_at_a_time_follows_tokios_clock() {
        let clock = WallClock::starting_at("2026-11-21T08:05:09Z".parse().unwrap());
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().to_string(), "2026-11-21T08:06:39Z");
    }
}
