//! `[appointments.hours]`: opening hours of each weekday.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The end of a day, in minutes.
const DAY_END: u16 = 24 * 60;

/// Opening hours of each weekday. A day without spans is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "seven weekdays")]
pub struct WeeklyHours {
    pub sunday: Vec<TimeSpan>,
    pub monday: Vec<TimeSpan>,
    pub tuesday: Vec<TimeSpan>,
    pub wednesday: Vec<TimeSpan>,
    pub thursday: Vec<TimeSpan>,
    pub friday: Vec<TimeSpan>,
    pub saturday: Vec<TimeSpan>,
}

impl WeeklyHours {
    /// The weekdays, Sunday first.
    pub const WEEK: [Weekday; 7] = [
        Weekday::Sunday,
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
    ];

    /// The spans of a weekday, in the file's order.
    #[must_use]
    pub fn on(&self, day: Weekday) -> &[TimeSpan] {
        match day {
            Weekday::Sunday => &self.sunday,
            Weekday::Monday => &self.monday,
            Weekday::Tuesday => &self.tuesday,
            Weekday::Wednesday => &self.wednesday,
            Weekday::Thursday => &self.thursday,
            Weekday::Friday => &self.friday,
            Weekday::Saturday => &self.saturday,
        }
    }

    /// Whether no day has a span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Self::WEEK.into_iter().all(|day| self.on(day).is_empty())
    }
}

/// Opening hours within one day, to the minute: `09:00-13:00`. The close is after the open; `24:00` is
/// the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan {
    open: u16,
    close: u16,
}

/// Why a text is not a [`TimeSpan`]. The text is cut to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidTimeSpan {
    /// Not two times of day.
    #[error("{0:?} are no opening hours: expected \"HH:MM-HH:MM\", as in \"09:00-13:00\"")]
    Malformed(String),
    /// The close is not after the open.
    #[error(
        "{0:?} closes before it has opened: hours past midnight are two spans, \
         the first to \"24:00\", the second from \"00:00\" of the next day"
    )]
    Backwards(String),
}

impl TimeSpan {
    /// Parses `HH:MM-HH:MM`.
    ///
    /// # Errors
    /// [`InvalidTimeSpan`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, InvalidTimeSpan> {
        let shown = || text.chars().take(64).collect();
        let (open, close) = text
            .split_once('-')
            .and_then(|(open, close)| Some((minutes(open.trim())?, minutes(close.trim())?)))
            .ok_or_else(|| InvalidTimeSpan::Malformed(shown()))?;
        if open < close {
            Ok(Self { open, close })
        } else {
            Err(InvalidTimeSpan::Backwards(shown()))
        }
    }

    /// The open on `date`, in local time.
    #[must_use]
    pub fn opens(self, date: Date) -> DateTime {
        at(date, self.open)
    }

    /// The close on `date`, in local time; for `24:00` the next midnight.
    #[must_use]
    pub fn closes(self, date: Date) -> DateTime {
        at(date, self.close)
    }

    /// From the open to the close, as the clock shows them.
    pub(super) fn length(self) -> Duration {
        Duration::from_mins(u64::from(self.close - self.open))
    }

    /// Whether the two share a minute.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.open < other.close && other.open < self.close
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = (self.open, self.close);
        write!(f, "{:02}:{:02}-{:02}:{:02}", open / 60, open % 60, close / 60, close % 60)
    }
}

impl FromStr for TimeSpan {
    type Err = InvalidTimeSpan;
    fn from_str(text: &str) -> Result<Self, InvalidTimeSpan> {
        Self::parse(text)
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// `HH:MM` as minutes of the day; `24:00` is allowed.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<u16>().ok() } else { None }
    };
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= DAY_END).then_some(of_day)
}

fn at(date: Date, minutes: u16) -> DateTime {
    date.to_datetime(jiff::civil::Time::midnight()).saturating_add(i64::from(minutes).minutes())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cal_2_a_span_is_read_to_the_minute_and_24_00_is_the_next_midnight() {
        let day = date(2026, 12, 31);
        let span = TimeSpan::parse("09:30-24:00").unwrap();
        assert_eq!(span.opens(day), day.at(9, 30, 0, 0));
        assert_eq!(span.closes(day), date(2027, 1, 1).at(0, 0, 0, 0));
        assert_eq!(span.to_string(), "09:30-24:00");
    }

    #[test]
    fn cal_2_malformed_hours_are_refused_with_an_example_of_good_ones() {
        for wrong in
            ["", "9-13", "09:00", "9:00-13:00", "09:60-13:00", "09:00-24:01", "+9:00-13:00", "א-ב"]
        {
            let error = TimeSpan::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("as in \"09:00-13:00\""), "{wrong}: {error}");
        }
    }

    #[test]
    fn cal_2_hours_past_midnight_are_refused_and_the_error_says_how_to_write_them() {
        for wrong in ["22:00-02:00", "09:00-09:00"] {
            let error = TimeSpan::parse(wrong).unwrap_err();
            assert_eq!(error, InvalidTimeSpan::Backwards(wrong.to_owned()));
        }
    }

    #[test]
    fn cal_2_spans_that_touch_do_not_overlap() {
        let span = |text| TimeSpan::parse(text).unwrap();
        assert!(!span("09:00-13:00").overlaps(span("13:00-18:00")));
        assert!(span("09:00-13:00").overlaps(span("12:59-18:00")));
        assert!(span("12:00-13:00").overlaps(span("09:00-18:00")));
    }

    #[test]
    fn cal_2_a_day_that_is_missing_is_closed() {
        let hours: WeeklyHours =
            serde_json::from_str(r#"{"sunday": ["09:00-13:00", "14:00-18:00"]}"#).unwrap();
        assert_eq!(hours.on(Weekday::Sunday).len(), 2);
        assert!(hours.on(Weekday::Monday).is_empty());
        assert!(!hours.is_empty() && WeeklyHours::default().is_empty());
        assert!(serde_json::from_str::<WeeklyHours>(r#"{"sun": []}"#).is_err());
    }

    proptest! {
        #[test]
        fn cal_2_a_span_is_written_as_it_was_read(open in 0..1440_u16, length in 1..1440_u16) {
            let span = TimeSpan { open, close: (open + length).min(DAY_END) };
            prop_assert_eq!(TimeSpan::parse(&span.to_string()), Ok(span));
        }
    }
}
