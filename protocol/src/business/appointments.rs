//! When appointments can be made. Which slots are free is the calendar's to say.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::WeeklyHours;
use super::duration_text;

/// The rules of a business's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appointments {
    /// From one possible start to the next, counted from each opening.
    #[serde(with = "duration_text")]
    pub slot_step: Duration,
    /// How long an appointment lasts unless asked otherwise.
    #[serde(with = "duration_text")]
    pub length: Duration,
    /// What must stay free between two appointments.
    #[serde(with = "duration_text")]
    pub buffer: Duration,
    /// The least time from now to an appointment.
    #[serde(with = "duration_text")]
    pub min_notice: Duration,
    /// The most time from now to an appointment.
    #[serde(with = "duration_text")]
    pub horizon: Duration,
    /// Dates without hours, in the business's zone.
    pub days_off: BTreeSet<Date>,
    /// The hours of each weekday; none at all unless given.
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
