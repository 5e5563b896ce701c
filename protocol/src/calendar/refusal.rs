//! Why the calendar did not do what it was asked.

use jiff::civil::Date;
use thiserror::Error;

use super::asked::Unreadable;

/// The rule of a business's calendar that a moment breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Misfit {
    /// It is over.
    #[error("in_the_past")]
    Past,
    /// It is nearer than the minimum notice.
    #[error("too_soon")]
    TooSoon,
    /// It is farther than the booking horizon.
    #[error("too_far")]
    TooFar,
    /// That day has no hours.
    #[error("closed")]
    Closed,
    /// It is not wholly within the hours of that day.
    #[error("outside_hours")]
    OutsideHours,
    /// It is within the hours, but appointments don't begin then.
    #[error("no_such_slot")]
    BetweenSlots,
}

/// Why a tool of the calendar's did nothing. Its text is the code that the model sees; the sentences
/// are [`Tongue`](super::Tongue)'s.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The arguments are no JSON object.
    #[error("unreadable_arguments")]
    Arguments,
    /// An argument that must be there is missing, or is no text.
    #[error("missing_argument")]
    Missing(&'static str),
    /// An argument is not what it should be.
    #[error("wrong_argument")]
    Wrong(&'static str),
    /// An argument is no date, or no moment.
    #[error("unreadable_date")]
    Date(&'static str, Unreadable),
    /// The length is not from a minute to a day.
    #[error("wrong_length")]
    Length,
    /// A date that is over.
    #[error("in_the_past")]
    PastDate,
    /// A date beyond the booking horizon.
    #[error("too_far")]
    FarDate {
        /// The last date on which there are appointments.
        last: Date,
    },
    /// The moment breaks a rule.
    #[error("{0}")]
    Misfit(Misfit),
    /// Somebody else has it.
    #[error("taken")]
    Taken,
    /// Nothing is free up to the horizon.
    #[error("nothing_free")]
    NothingFree,
    /// Neither an id nor a start was given.
    #[error("which_appointment")]
    Which,
    /// The lead has no such appointment.
    #[error("no_such_appointment")]
    NoSuchAppointment,
    /// The appointment is over.
    #[error("appointment_is_over")]
    Over,
    /// What this very tool call booked was cancelled since.
    #[error("cancelled_since")]
    Cancelled,
    /// The calendar has too much to do.
    #[error("busy")]
    Busy,
    /// The calendar could not be reached.
    #[error("calendar_failed")]
    Failed,
    /// It took too long; what became of it is not known.
    #[error("took_too_long")]
    TooLate,
}
