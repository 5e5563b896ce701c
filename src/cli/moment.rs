//! Points in time as an operator writes them.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A point in time, or how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    pub(super) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        if let Ok(day) = text.parse::<Date>()
            && let Ok(midnight) = day.to_zoned(TimeZone::UTC)
        {
            return Ok(Self::At(midnight.timestamp()));
        }
        humantime::parse_duration(text).map(Self::Ago).map_err(|_| {
            "expected a day in UTC, as in 2026-12-31, a time, as in 2026-12-31T10:30:00Z, or how long \
             ago, as in 24h or 7days"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_14_a_moment_is_a_day_a_time_or_how_long_ago() {
        let now: Timestamp = "2026-12-31T12:00:00Z".parse().unwrap();
        let at = |text: &str| text.parse::<Moment>().unwrap().at(now).to_string();
        assert_eq!(at("2026-12-30"), "2026-12-30T00:00:00Z");
        assert_eq!(at("2026-12-30T10:30:00+02:00"), "2026-12-30T08:30:00Z");
        assert_eq!(at("36h"), "2026-12-30T00:00:00Z");
        for wrong in ["yesterday", "2026-13-01", ""] {
            assert!(wrong.parse::<Moment>().unwrap_err().contains("2026-12-31"), "{wrong}");
        }
    }
}
