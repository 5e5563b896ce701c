//! The result of a calendar request. What a model is told of it is written in `reply`.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::Slot;
use super::error::CalendarError;

/// The result of one calendar request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarOutcome {
    /// Slots were found.
    Offered {
        /// The date of the request.
        requested: Date,
        /// Slots of that date, or of the next date that has some.
        free: FreeSlots,
    },
    /// The appointment is in the database since now.
    Booked(BookedAppointment),
    /// Nothing was done: the lead has that slot already, or the same tool call has booked before.
    BookedBefore(BookedAppointment),
    /// The appointment has other times now.
    Moved {
        /// Where it began before; the same if it was there already.
        from: Timestamp,
        /// The appointment as it is.
        to: BookedAppointment,
    },
    /// The appointment is cancelled, now or before.
    Cancelled(BookedAppointment),
    /// Nothing was done. The answer is the lead's own appointments that are still to come.
    Mine {
        /// Why nothing was done.
        why: CalendarError,
        /// Earliest first; may be empty.
        held: Vec<BookedAppointment>,
    },
    /// Nothing was done; the slots are an alternative, if there is one.
    Refused(CalendarError, Option<FreeSlots>),
}

/// Slots of one date, to be offered to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSlots {
    /// In the business's time zone.
    pub date: Date,
    /// At most [`MAX_OFFERED`](super::MAX_OFFERED), earliest first, never empty.
    pub slots: Vec<Slot>,
}

/// An appointment in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookedAppointment {
    /// Key of its row.
    pub id: Uuid,
    /// First moment.
    pub start: Timestamp,
    /// First moment after it, without the business's buffer.
    pub end: Timestamp,
}
