//! Conversions between column values and the domain's types: instants, durations, identifiers.
//!
//! Columns keep microseconds: an instant is truncated to them when it is written.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::InvalidId;
use sea_orm::prelude::DateTimeUtc;

use crate::error::RecordsError;

#[expect(clippy::expect_used, reason = "every instant of jiff lies within chrono's range")]
pub(crate) fn from_instant(instant: Timestamp) -> DateTimeUtc {
    DateTimeUtc::from_timestamp_micros(instant.as_microsecond())
        .expect("an instant between the years -9999 and 9999")
}

pub(crate) fn instant(column: &'static str, value: DateTimeUtc) -> Result<Timestamp, RecordsError> {
    Timestamp::from_microsecond(value.timestamp_micros())
        .map_err(|_| RecordsError::Corrupt { column })
}

pub(crate) fn optional_instant(
    column: &'static str,
    value: Option<DateTimeUtc>,
) -> Result<Option<Timestamp>, RecordsError> {
    value.map(|value| instant(column, value)).transpose()
}

/// Cuts to whole seconds.
pub(crate) fn from_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

pub(crate) fn seconds(column: &'static str, value: i64) -> Result<Duration, RecordsError> {
    number(column, value).map(Duration::from_secs)
}

/// An unsigned number out of a signed column.
pub(crate) fn number<T: TryFrom<i64>>(column: &'static str, value: i64) -> Result<T, RecordsError> {
    T::try_from(value).map_err(|_| RecordsError::Corrupt { column })
}

pub(crate) fn id<T>(column: &'static str, text: &str) -> Result<T, RecordsError>
where
    T: FromStr<Err = InvalidId>,
{
    // The text may be somebody's phone number, so the error does not repeat it.
    text.parse().map_err(|_| RecordsError::Corrupt { column })
}

pub(crate) fn optional_id<T>(
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
        fn an_instant_survives_its_column_to_the_microsecond(
            seconds in -300_000_000_000_i64..250_000_000_000, nanos in 0..1_000_000_000_i32,
        ) {
            let there = Timestamp::new(seconds, nanos).unwrap();
            let back = instant("at", from_instant(there)).unwrap();
            prop_assert_eq!(back.as_microsecond(), there.as_microsecond());
        }
    }

    #[test]
    fn an_error_about_a_column_does_not_repeat_its_content() {
        let error = id::<protocol::ids::PhoneNumber>("leads.phone", "0501234567").unwrap_err();
        assert!(!error.to_string().contains("0501234567"));
        assert!(error.to_string().contains("leads.phone"));
    }
}
