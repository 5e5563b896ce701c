//! Dates and moments as a model writes them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use thiserror::Error;

use super::day;

/// A date, with or without a time of day, in the business's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The date.
    pub date: Date,
    /// The time of day to look around.
    pub time: Option<Time>,
}

/// A text that says no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// A day and a month without a year.
    #[error("the year is missing")]
    NoYear,
    /// A date where a moment is needed.
    #[error("the time of day is missing")]
    NoTime,
    /// Neither a date nor a moment.
    #[error("not a date as in 2026-12-31 or 2026-12-31T10:30")]
    NotADate,
}

impl Asked {
    /// Reads a date (`2026-12-31`), with a time of day (`2026-12-31T10:30`) or an offset too
    /// (`2026-12-31T10:30:00+02:00`), which is taken over into `zone`.
    ///
    /// # Errors
    /// [`Unreadable`] says what is missing.
    pub fn read(text: &str, zone: &TimeZone) -> Result<Self, Unreadable> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<Timestamp>() {
            let shown = moment.to_zoned(zone.clone()).datetime();
            return Ok(Self { date: shown.date(), time: Some(shown.time()) });
        }
        let shown = civil(text)?;
        let time = text.contains(':').then(|| shown.time());
        Ok(Self { date: shown.date(), time })
    }
}

/// Reads the moment at which something begins; without an offset it is the business's own time.
///
/// # Errors
/// [`Unreadable`] says what is missing.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, Unreadable> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let shown = civil(text)?;
    if !text.contains(':') {
        return Err(Unreadable::NoTime);
    }
    day::instant(shown, zone).ok_or(Unreadable::NotADate)
}

fn civil(text: &str) -> Result<DateTime, Unreadable> {
    if lacks_year(text) {
        return Err(Unreadable::NoYear);
    }
    text.parse::<DateTime>().map_err(|_| Unreadable::NotADate)
}

/// Two numbers of one or two digits where a date should stand: `25-12`, `--12-25`, `25.12T10:00`.
fn lacks_year(text: &str) -> bool {
    let date = text.trim_start_matches('-').split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.trim_end_matches(['.', '/']).split(['-', '.', '/']).collect();
    parts.len() == 2
        && parts.iter().all(|part| {
            (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
}
