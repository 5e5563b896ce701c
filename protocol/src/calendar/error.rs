//! Why the calendar did not do what it was asked.

use jiff::civil::Date;
use thiserror::Error;

use super::date::DateParseError;
use super::start::{Unclear, UnclearStart};
use crate::text::Flaw;

/// The rule of a business's calendar that a start time breaks. Its text is the code in the tool's
/// output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SlotError {
    /// Before now.
    #[error("in_the_past")]
    Past,
    /// Nearer than `appointments.min_notice`.
    #[error("too_soon")]
    TooSoon,
    /// Farther than `appointments.horizon`.
    #[error("too_far")]
    TooFar,
    /// On a day without opening hours.
    #[error("closed")]
    Closed,
    /// Not wholly within that day's opening hours.
    #[error("outside_hours")]
    OutsideHours,
    /// Within the hours, but not on a step of `appointments.slot_step`.
    #[error("no_such_slot")]
    BetweenSlots,
}

/// Why a calendar tool did nothing. Its text is the code in the tool's output; the sentence for the
/// caller is made in `wording`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The arguments are not a JSON object.
    #[error("unreadable_arguments")]
    Arguments,
    /// This required argument is missing or empty.
    #[error("missing_argument")]
    Missing(&'static str),
    /// This argument is no text.
    #[error("wrong_argument")]
    Wrong(&'static str),
    /// This argument is a text that is not taken.
    #[error("wrong_argument")]
    Text(&'static str, Flaw),
    /// This argument must be `true` or `false`.
    #[error("wrong_argument")]
    NotYesOrNo(&'static str),
    /// This argument is not a date, or not a date with a time of day.
    #[error("unreadable_date")]
    Date(&'static str, DateParseError),
    /// The length is not from 1 minute to 1 day.
    #[error("wrong_length")]
    Length,
    /// The date is before today.
    #[error("in_the_past")]
    PastDate,
    /// The date is beyond the booking horizon.
    #[error("too_far")]
    FarDate {
        /// The last date on which an appointment can begin.
        last: Date,
    },
    /// The start does not say one moment.
    #[error("{}", code(.0.why))]
    Unclear(UnclearStart),
    /// The start time breaks a rule.
    #[error("{0}")]
    Slot(SlotError),
    /// Another appointment overlaps.
    #[error("taken")]
    Taken,
    /// No slot is free up to the horizon.
    #[error("nothing_free")]
    NothingFree,
    /// The lead holds an appointment that is still to come, and did not ask for one more (CAL-6).
    #[error("already_booked")]
    AlreadyHolds,
    /// The lead holds several appointments, and the request names none.
    #[error("which_appointment")]
    Which,
    /// No appointment of the lead has the id, or the start, that was given.
    #[error("no_such_appointment")]
    NoSuchAppointment,
    /// The appointment has ended and can't be changed.
    #[error("appointment_is_over")]
    Over,
    /// The appointment was cancelled since: it was booked by this tool call before, or was to be moved.
    #[error("cancelled_since")]
    Cancelled,
    /// Too many requests wait for the calendar.
    #[error("busy")]
    Busy,
    /// The database could not be reached, or the lead is not known.
    #[error("calendar_failed")]
    Failed,
    /// The time limit of the tool has passed; whether it was done is not known.
    #[error("took_too_long")]
    TooLate,
}

fn code(why: Unclear) -> &'static str {
    match why {
        Unclear::Offset => "foreign_offset",
        Unclear::Skipped => "skipped_by_the_clocks",
        Unclear::Doubled => "twice_on_the_clocks",
    }
}
