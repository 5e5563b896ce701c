//! Between columns and the types of the domain: instants, durations, identifiers.
//!
//! Columns keep microseconds, so an instant is cut to them on its way in.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::InvalidId;
use sea_orm::prelude::DateTimeUtc;

use crate::error::RecordsError;

/// An instant as its column keeps it.
#[expect(clippy::expect_used, reason = "every instant of jiff lies within chrono's range")]
pub(crate) fn from_instant(instant: Timestamp) -> DateTimeUtc {
    DateTimeUtc::from_timestamp_micros(instant.as_microsecond())
        .expect("an instant between the years -9999 and 9999")
}

/// The instant a column holds.
pub(crate) fn instant(column: &'static str, value: DateTimeUtc) -> Result<Timestamp, RecordsError> {
    Timestamp::from_microsecond(value.timestamp_micros())
        .map_err(|_| RecordsError::Corrupt { column })
}

/// The instant a column holds, if it holds one.
pub(crate) fn instant_if_any(
    column: &'static str,
    value: Option<DateTimeUtc>,
) -> Result<Option<Timestamp>, RecordsError> {
    value.map(|value| instant(column, value)).transpose()
}

/// Whole seconds as their column keeps them.
pub(crate) fn from_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The whole seconds a column holds.
pub(crate) fn seconds(column: &'static str, value: i64) -> Result<Duration, RecordsError> {
    number(column, value).map(Duration::from_secs)
}

/// A whole number that its column keeps with a sign it never has.
pub(crate) fn number<T: TryFrom<i64>>(column: &'static str, value: i64) -> Result<T, RecordsError> {
    T::try_from(value).map_err(|_| RecordsError::Corrupt { column })
}

/// The identifier a column holds.
pub(crate) fn id<T>(column: &'static str, text: &str) -> Result<T, RecordsError>
where
    T: FromStr<Err = InvalidId>,
{
    // What stands there instead may be somebody's number, so the error does not repeat it.
    text.parse().map_err(|_| RecordsError::Corrupt { column })
}

/// The identifier a column holds, if it holds one.
pub(crate) fn id_if_any<T>(
    column: &'static str,
    text: Option<String>,
) -> Result<Option<T>, RecordsError>
where
    T: FromStr<Err = InvalidId>,
{
    text.map(|text| id(column, &text)).transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_instant_comes_back_from_its_column_to_the_microsecond(
            seconds in -300_000_000_000_i64..250_000_000_000, nanos in 0..1_000_000_000_i32,
        ) {
            let there = Timestamp::new(seconds, nanos).unwrap();
            let back = instant("at", from_instant(there)).unwrap();
            prop_assert_eq!(back.as_microsecond(), there.as_microsecond());
        }
    }

    #[test]
    fn an_error_about_a_column_does_not_repeat_what_the_column_held() {
        let error = id::<protocol::ids::PhoneNumber>("leads.phone", "0501234567").unwrap_err();
        assert!(!error.to_string().contains("0501234567"));
        assert!(error.to_string().contains("leads.phone"));
    }
}
