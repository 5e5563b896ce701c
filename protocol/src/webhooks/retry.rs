//! When an event that was not taken is sent again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// An event is tried for so long, from its first try. Then it is dead.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The pauses after the first failed tries. The last one is repeated.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_mins(30),
];
/// How much of a pause chance takes away, so that not all events come at once.
const JITTER: f64 = 0.2;

/// The pause after so many failed tries. `jitter` is from 0 to below 1.
#[must_use]
pub fn pause_after(tries: u32, jitter: f64) -> Duration {
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = PAUSES[place.min(PAUSES.len() - 1)];
    pause.mul_f64(1.0 - JITTER * jitter.clamp(0.0, 1.0))
}

/// When an event that was first tried then is given up.
#[must_use]
pub fn give_up_at(first_tried: Timestamp) -> Timestamp {
    first_tried.checked_add(GIVE_UP_AFTER).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_13_pauses_grow_to_half_an_hour_and_chance_takes_at_most_a_fifth() {
        let pauses = [1, 2, 3, 4, 5, 6, 7, 1000].map(|tries| pause_after(tries, 0.0));
        assert!(pauses.is_sorted());
        assert_eq!(pauses[0], Duration::from_secs(5));
        assert_eq!(pauses[6..], [Duration::from_mins(30); 2]);
        assert_eq!(pause_after(1, 1.0), Duration::from_secs(4));
        assert_eq!(pause_after(0, 0.0), Duration::from_secs(5));
    }
}
