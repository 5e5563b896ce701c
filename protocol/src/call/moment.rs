//! Time in a call. A `std::time::Instant` means nothing to another process, so a call counts from
//! its beginning.

use std::ops::{Add, AddAssign};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in a call: the time since it began, by the steady clock. Written as nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The beginning of the call.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The moment at which the call has lasted so long.
    #[must_use]
    pub fn after(passed: Duration) -> Self {
        Self(passed)
    }

    /// The time since the call began.
    #[must_use]
    pub fn since_beginning(self) -> Duration {
        self.0
    }

    /// The time since an earlier moment. Zero if that is not earlier.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, passed: Duration) -> Self {
        Self(self.0.saturating_add(passed))
    }
}

impl AddAssign<Duration> for Moment {
    fn add_assign(&mut self, passed: Duration) {
        *self = *self + passed;
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(|nanos| Self(Duration::from_nanos(nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_to_the_nanosecond_and_never_overflows() {
        let moment = Moment::ZERO + Duration::new(600, 7);
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(json, "600000000007");
        assert_eq!(serde_json::from_str::<Moment>(&json).unwrap(), moment);
        let last = moment + Duration::MAX;
        assert_eq!(last + Duration::MAX, Moment::after(Duration::MAX));
        assert_eq!(moment.saturating_duration_since(last), Duration::ZERO);
        assert_eq!(serde_json::to_string(&last).unwrap(), u64::MAX.to_string());
    }
}
