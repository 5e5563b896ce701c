//! How long something took in each minute of the last hour.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// The minutes of a course.
pub const MINUTES: usize = 60;

/// How long something took in each minute of the last hour.
#[derive(Debug, Default)]
pub struct Course(Mutex<BTreeMap<i64, Minute>>);

#[derive(Debug, Default)]
struct Minute {
    count: u32,
    sum: Duration,
}

impl Course {
    pub(super) fn observe(&self, now: Timestamp, took: Duration) {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(minute(now)).or_default();
        minute.count += 1;
        minute.sum = minute.sum.saturating_add(took);
        while minutes.len() > MINUTES {
            minutes.pop_first();
        }
    }

    /// The mean of each minute, the oldest first; the last one is not over. `None`: nothing was observed in it.
    #[must_use]
    pub fn means(&self, now: Timestamp) -> [Option<Duration>; MINUTES] {
        let minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut means = [None; MINUTES];
        for (at, mean) in (0..=minute(now)).rev().zip(means.iter_mut().rev()) {
            *mean = minutes.get(&at).map(|minute| minute.sum / minute.count);
        }
        means
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn con_3_a_course_keeps_the_means_of_the_last_hour() {
        let begin = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        let course = Course::default();
        let at = |minute: i64| begin + SignedDuration::from_mins(minute);
        for (minute, millis) in [(0, 900), (1, 100), (1, 300), (60, 500)] {
            course.observe(at(minute), Duration::from_millis(millis));
        }
        let means = course.means(at(60));
        assert_eq!(means[0], Some(Duration::from_millis(200)), "59 minutes ago");
        assert_eq!(means[59], Some(Duration::from_millis(500)));
        assert_eq!(means.iter().flatten().count(), 2, "what is older than an hour is not shown");
        assert!(course.means(at(120)).iter().all(Option::is_none));
        for minute in 0..1_000 {
            course.observe(at(minute), Duration::ZERO);
        }
        assert_eq!(course.0.lock().unwrap().len(), MINUTES, "what is old is forgotten");
    }
}
