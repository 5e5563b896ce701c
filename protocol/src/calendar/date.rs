//! Dates and times as a model writes them in tool arguments.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use thiserror::Error;

/// A date in the business's time zone, with or without a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedDate {
    /// The date to search first.
    pub date: Date,
    /// Slots nearest to this time of day are preferred; `None`: the first of the day.
    pub time: Option<Time>,
}

/// Why a text is not a date, or not a date with a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DateParseError {
    /// Day and month only, as in `25-12`.
    #[error("the year is missing")]
    NoYear,
    /// A date where a moment is needed.
    #[error("the time of day is missing")]
    NoTime,
    /// Anything else.
    #[error("not a date as in 2026-12-31 or 2026-12-31T10:30")]
    NotADate,
}

impl RequestedDate {
    /// Reads a date (`2026-12-31`), with a time of day (`2026-12-31T10:30`), or with an offset too
    /// (`2026-12-31T10:30:00+02:00`), which is converted to `zone`.
    ///
    /// # Errors
    /// [`DateParseError`] says what is missing.
    pub fn read(text: &str, zone: &TimeZone) -> Result<Self, DateParseError> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<Timestamp>() {
            let local = moment.to_zoned(zone.clone()).datetime();
            return Ok(Self { date: local.date(), time: Some(local.time()) });
        }
        let local = civil(text)?;
        let time = text.contains(':').then(|| local.time());
        Ok(Self { date: local.date(), time })
    }
}

/// Reads a date, with or without a time of day.
pub(super) fn civil(text: &str) -> Result<DateTime, DateParseError> {
    if lacks_year(text) {
        return Err(DateParseError::NoYear);
    }
    text.parse::<DateTime>().map_err(|_| DateParseError::NotADate)
}

/// Whether the date has two numbers of one or two digits only: `25-12`, `--12-25`, `25.12T10:00`.
fn lacks_year(text: &str) -> bool {
    let date = text.trim_start_matches('-').split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.trim_end_matches(['.', '/']).split(['-', '.', '/']).collect();
    parts.len() == 2
        && parts.iter().all(|part| {
            (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
}
