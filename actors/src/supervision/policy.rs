//! When something that failed is started again: pure, told the time, tested alone (RES-1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often a child may be started again, and after which pauses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartPolicy {
    /// At most this many restarts …
    pub intensity: usize,
    /// … within this period.
    pub period: Duration,
    /// The pause before the first, second, … restart within a period; the last is repeated. Empty: no
    /// pause.
    pub backoff: Vec<Duration>,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Start it again at this time.
    RestartAt(Instant),
    /// It has failed too often.
    GiveUp,
}

/// The failures of one child within the last period.
#[derive(Debug, Clone, Default)]
pub struct RestartHistory {
    failures: VecDeque<Instant>,
}

impl RestartHistory {
    /// The child has failed.
    pub fn on_failure(&mut self, policy: &RestartPolicy, now: Instant) -> Decision {
        while self.failures.front().is_some_and(|at| *at + policy.period <= now) {
            self.failures.pop_front();
        }
        if self.failures.len() >= policy.intensity {
            return Decision::GiveUp;
        }
        let step = self.failures.len().min(policy.backoff.len().saturating_sub(1));
        let pause = policy.backoff.get(step).copied().unwrap_or_default();
        self.failures.push_back(now);
        Decision::RestartAt(now + pause)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> RestartPolicy {
        RestartPolicy {
            intensity: 3,
            period: Duration::from_secs(60),
            backoff: [0, 100].map(Duration::from_millis).to_vec(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a base for moments that the test moves")]
    fn base() -> Instant {
        Instant::now()
    }

    #[test]
    fn res_1_the_pauses_grow_and_the_last_is_repeated() {
        let now = base();
        let mut history = RestartHistory::default();
        let pauses = [0, 100, 100].map(Duration::from_millis);
        for pause in pauses {
            let decision = history.on_failure(&policy(), now);
            assert_eq!(decision, Decision::RestartAt(now + pause));
        }
        assert_eq!(history.on_failure(&policy(), now), Decision::GiveUp);
    }

    #[test]
    fn res_5_failures_that_are_a_period_old_are_forgotten() {
        let now = base();
        let mut history = RestartHistory::default();
        for _ in 0..3 {
            history.on_failure(&policy(), now);
        }
        let later = now + Duration::from_secs(60);
        assert_eq!(history.on_failure(&policy(), later), Decision::RestartAt(later));
    }

    proptest! {
        #[test]
        fn res_5_no_period_sees_more_restarts_than_the_intensity(
            gaps in proptest::collection::vec(0u64..40, 1..60)
        ) {
            let mut now = base();
            let mut history = RestartHistory::default();
            let mut restarts = Vec::new();
            for gap in gaps {
                now += Duration::from_secs(gap);
                if history.on_failure(&policy(), now) != Decision::GiveUp {
                    restarts.push(now);
                }
            }
            for (place, at) in restarts.iter().enumerate() {
                let within = restarts[place..].iter().filter(|r| **r < *at + policy().period);
                prop_assert!(within.count() <= policy().intensity);
            }
        }
    }
}
