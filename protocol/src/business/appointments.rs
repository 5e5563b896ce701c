//! `[appointments]`: the rules of the calendar. [`crate::calendar`] applies them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::WeeklyHours;
use super::duration_text;

/// `[appointments]`: which starts can be booked (CAL-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appointments {
    /// Time from one possible start to the next, counted from each opening.
    #[serde(with = "duration_text")]
    pub slot_step: Duration,
    /// Length of an appointment if none is requested.
    #[serde(with = "duration_text")]
    pub length: Duration,
    /// Free time required after each appointment.
    #[serde(with = "duration_text")]
    pub buffer: Duration,
    /// Shortest time from now to an appointment's start.
    #[serde(with = "duration_text")]
    pub min_notice: Duration,
    /// Longest time from now to an appointment's start.
    #[serde(with = "duration_text")]
    pub horizon: Duration,
    /// Dates without opening hours, in the business's time zone.
    #[serde(deserialize_with = "dates")]
    pub days_off: BTreeSet<Date>,
    /// Opening hours of each weekday. Empty by default: then no appointment tool is offered.
    pub hours: WeeklyHours,
}

impl Default for Appointments {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            slot_step: 30 * MINUTE,
            length: 30 * MINUTE,
            buffer: Duration::ZERO,
            min_notice: 120 * MINUTE,
            horizon: 60 * super::DAY,
            days_off: BTreeSet::new(),
            hours: WeeklyHours::default(),
        }
    }
}

/// Dates as `2026-12-25`, and in no other form: of `04/05/2026` nobody knows the month.
fn dates<'de, D: Deserializer<'de>>(dates: D) -> Result<BTreeSet<Date>, D::Error> {
    let read = |text: String| {
        text.parse::<Date>().map_err(|_| {
            let form = "is not a date: expected year, month and day, as in \"2026-12-25\"";
            D::Error::custom(format!("{text:?} {form}"))
        })
    };
    Vec::<String>::deserialize(dates)?.into_iter().map(read).collect()
}
