//! The daemon's clock, and the row ids that it makes.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use uuid::{ContextV7, Uuid};

/// A steady clock for durations and deadlines, and a wall clock for what is stored or spoken.
#[derive(Debug, Clone, Copy)]
pub struct Clock(supervision::Clock);

/// One for the process, so that ids sort in the order in which they were made.
static IDS: Mutex<ContextV7> = Mutex::new(ContextV7::new());

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

    /// A new row's id: a UUID version 7. Ids sort in the order in which they were made, also within
    /// one millisecond.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let wall = self.wall();
        let seconds = u64::try_from(wall.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(wall.subsec_nanosecond()).unwrap_or(0);
        let context = IDS.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanoseconds))
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

    #[tokio::test(start_paused = true)]
    async fn ids_sort_in_the_order_they_were_made_even_within_one_millisecond() {
        let clock = Clock::starting_at("2026-11-21T10:00:00Z".parse().unwrap());
        let made: Vec<Uuid> = (0..1000).map(|_| clock.new_id()).collect();

        assert!(made.is_sorted_by(|earlier, later| earlier < later));
    }
}
