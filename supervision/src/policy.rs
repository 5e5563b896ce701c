//! When a failed child restarts, and when it is given up. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often and how fast a child restarts.
///
/// ```
/// use std::time::Duration;
/// use supervision::policy::{Decision, RestartHistory, RestartPolicy};
/// use supervision::Clock;
///
/// let second = Duration::from_secs(1);
/// let backoff = vec![Duration::ZERO, second];
/// let policy = RestartPolicy { intensity: 2, period: 60 * second, backoff };
/// let (mut history, now) = (RestartHistory::default(), Clock::system().now());
/// assert_eq!(history.on_failure(&policy, now), Decision::RestartAt(now));
/// assert_eq!(history.on_failure(&policy, now), Decision::RestartAt(now + second));
/// assert_eq!(history.on_failure(&policy, now), Decision::GiveUp);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartPolicy {
    /// How many restarts are allowed within one period. At the next failure the child is given up.
    /// 0 never restarts.
    pub intensity: u32,
    /// The time over which failures count.
    pub period: Duration,
    /// The pause before the first, second, … restart within a period. The last entry repeats. An
    /// empty list restarts at once.
    pub backoff: Vec<Duration>,
}

impl Default for RestartPolicy {
    /// Five restarts a minute: at once, after 100 ms, then after 1 s each.
    fn default() -> Self {
        let backoff = vec![Duration::ZERO, Duration::from_millis(100), Duration::from_secs(1)];
        Self { intensity: 5, period: Duration::from_secs(60), backoff }
    }
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Restart the child at this time.
    RestartAt(Instant),
    /// Do not restart it: it failed more often than the policy allows.
    GiveUp,
}

/// The failures of one child within the last period.
#[derive(Debug, Clone, Default)]
pub struct RestartHistory {
    within_period: VecDeque<Instant>,
}

impl RestartHistory {
    /// Counts a failure at `now` and decides what to do. Failures older than one period do not
    /// count.
    pub fn on_failure(&mut self, policy: &RestartPolicy, now: Instant) -> Decision {
        self.forget_before(policy, now);
        let earlier = self.within_period.len();
        if earlier >= usize::try_from(policy.intensity).unwrap_or(usize::MAX) {
            return Decision::GiveUp;
        }
        self.within_period.push_back(now);
        let delay = policy.backoff.get(earlier).or(policy.backoff.last());
        Decision::RestartAt(now + delay.copied().unwrap_or_default())
    }

    fn forget_before(&mut self, policy: &RestartPolicy, now: Instant) {
        while self
            .within_period
            .front()
            .is_some_and(|failed| now.saturating_duration_since(*failed) >= policy.period)
        {
            self.within_period.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "any instant serves as the base of these tests")]
    fn base() -> Instant {
        Instant::now()
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn res_1_each_restart_waits_as_the_backoff_says_and_the_last_entry_repeats() {
        let (policy, start) = (RestartPolicy::default(), base());
        let mut history = RestartHistory::default();
        let waits: Vec<_> = (0..5)
            .map(|_| match history.on_failure(&policy, start) {
                Decision::RestartAt(at) => at - start,
                Decision::GiveUp => panic!("the intensity allows five"),
            })
            .collect();
        assert_eq!(waits, [ms(0), ms(100), ms(1_000), ms(1_000), ms(1_000)]);
    }

    #[test]
    fn res_5_a_child_is_given_up_at_one_failure_more_than_the_intensity() {
        let policy = RestartPolicy { intensity: 2, period: ms(1_000), backoff: vec![] };
        let start = base();
        let mut history = RestartHistory::default();
        assert_eq!(history.on_failure(&policy, start), Decision::RestartAt(start));
        let second = start + ms(999);
        assert_eq!(history.on_failure(&policy, second), Decision::RestartAt(second));
        assert_eq!(history.on_failure(&policy, second), Decision::GiveUp);

        let third = start + ms(1_000);
        assert_eq!(
            history.on_failure(&policy, third),
            Decision::RestartAt(third),
            "the first failure counts no more"
        );
    }

    #[test]
    fn an_intensity_of_zero_never_restarts() {
        let policy = RestartPolicy { intensity: 0, ..RestartPolicy::default() };
        assert_eq!(RestartHistory::default().on_failure(&policy, base()), Decision::GiveUp);
    }

    proptest! {
        #[test]
        fn res_5_no_period_holds_more_restarts_than_the_intensity(
            intensity in 0..6u32,
            period in 1..5_000u64,
            backoff in proptest::collection::vec(0..2_000u64, 0..4),
            gaps in proptest::collection::vec(0..2_000u64, 0..60),
        ) {
            let backoff: Vec<_> = backoff.into_iter().map(ms).collect();
            let policy = RestartPolicy { intensity, period: ms(period), backoff };
            let mut history = RestartHistory::default();
            let mut now = base();
            let mut restarted: Vec<Instant> = Vec::new();
            for gap in gaps {
                now += ms(gap);
                let recent = restarted.iter().filter(|&&at| now - at < policy.period).count();
                match history.on_failure(&policy, now) {
                    Decision::RestartAt(at) => {
                        prop_assert!(recent < intensity as usize);
                        prop_assert!(at == now || policy.backoff.contains(&(at - now)));
                        restarted.push(now);
                    }
                    Decision::GiveUp => prop_assert_eq!(recent, intensity as usize),
                }
            }
            prop_assert!(history.within_period.len() <= intensity as usize, "memory is bounded");
        }
    }
}
