//! The one place where time is read; everywhere else it is an argument.
//!
//! The steady clock is tokio's, so that a test which pauses tokio's time moves it; a wall clock
//! that was set moves with it.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use uuid::{ContextV7, Uuid};

/// The daemon's clocks: a steady one for durations and deadlines, a wall clock for rows and people.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: Wall,
}

#[derive(Debug, Clone, Copy)]
enum Wall {
    /// The machine's clock.
    System,
    /// What the wall clock showed at an instant of the steady clock; it goes on from there.
    Anchored { at: Instant, showed: Timestamp },
}

/// One for the process, so that keys sort in the order in which they were given.
static IDS: Mutex<ContextV7> = Mutex::new(ContextV7::new());

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub fn start() -> Self {
        Self { wall: Wall::System }
    }

    /// A wall clock that shows `wall` now and then moves with tokio's clock: for tests and for
    /// rehearsals whose day matters.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Self {
        Self { wall: Wall::Anchored { at: steady(), showed: wall } }
    }

    /// The steady clock, for durations and deadlines.
    #[must_use]
    pub fn now(&self) -> Instant {
        steady()
    }

    /// The wall clock, for what is stored or said.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        match self.wall {
            Wall::System => system_wall(),
            Wall::Anchored { at, showed } => {
                let passed = steady().saturating_duration_since(at);
                showed.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// A new row's key (UUID version 7). Keys sort in the order in which they were given, also
    /// within one millisecond.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let wall = self.wall();
        let seconds = u64::try_from(wall.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(wall.subsec_nanosecond()).unwrap_or(0);
        let context = IDS.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanoseconds))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the steady clock is read")]
fn steady() -> Instant {
    tokio::time::Instant::now().into_std()
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
    async fn paused_time_moves_both_clocks_by_the_same_amount() {
        let base: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(base);
        let start = clock.now();

        tokio::time::advance(Duration::from_secs(90)).await;

        assert_eq!(clock.now() - start, Duration::from_secs(90));
        assert_eq!(clock.wall().to_string(), "2026-11-21T10:01:30Z");
    }

    #[tokio::test(start_paused = true)]
    async fn identifiers_sort_in_the_order_they_were_given_even_within_one_millisecond() {
        let clock = Clock::starting_at("2026-11-21T10:00:00Z".parse().unwrap());
        let given: Vec<Uuid> = (0..1000).map(|_| clock.new_id()).collect();

        assert!(given.is_sorted_by(|earlier, later| earlier < later));
    }
}
