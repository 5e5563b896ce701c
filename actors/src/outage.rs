//! What the log says of a database that takes nothing from an actor: the first failure, then one line a
//! minute, and the end.

use std::time::{Duration, Instant};

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Outage(Option<Failures>);

#[derive(Debug)]
struct Failures {
    count: u64,
    said_at: Instant,
}

impl Outage {
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the number of failures so far if it is time to say it.
    pub(crate) fn failed(&mut self, now: Instant) -> Option<u64> {
        let Some(failures) = &mut self.0 else {
            self.0 = Some(Failures { count: 1, said_at: now });
            return Some(1);
        };
        failures.count += 1;
        if now < failures.said_at + PAUSE {
            return None;
        }
        failures.said_at = now;
        Some(failures.count)
    }

    /// Ends it. Returns the number of failures, if there was one.
    pub(crate) fn ended(&mut self) -> Option<u64> {
        self.0.take().map(|failures| failures.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn cal_8_an_outage_is_said_when_it_begins_once_a_minute_and_when_it_ends() {
        let mut outage = Outage::default();
        let begin = Clock::start().now();
        assert_eq!(outage.ended(), None, "there was none");
        for _ in 0..2 {
            // Ten minutes, with a try every half second.
            let tries = (0..=1200).map(|half_seconds| begin + half_seconds * PAUSE / 120);
            let said: Vec<u64> = tries.filter_map(|now| outage.failed(now)).collect();
            assert_eq!(said, [1, 121, 241, 361, 481, 601, 721, 841, 961, 1081, 1201]);
            assert!(outage.is_on());
            assert_eq!(outage.ended(), Some(1201));
            assert_eq!((outage.is_on(), outage.ended()), (false, None));
        }
    }
}
