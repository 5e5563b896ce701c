//! The English sentences.

use super::Told;

/// Sunday first.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn refused(told: Told) -> &'static str {
    match told {
        Told::DateAgain => "I did not get the date. Could you tell me the day and the time again?",
        Told::LengthOff => "An appointment can't be that long or that short.",
        Told::Past => "That time has already passed.",
        Told::TooSoon => "That is too soon to be booked now.",
        Told::TooFar => "That is too far ahead; the calendar is not open for it yet.",
        Told::Closed => "We are closed on that day.",
        Told::OutsideHours => "That is outside our opening hours.",
        Told::NoSuchSlot => "No appointment begins at exactly that time.",
        Told::Taken => "That time has just been taken.",
        Told::NothingFree => "There is no free time in the calendar at the moment.",
        Told::Which => "Which appointment shall I cancel?",
        Told::NoSuchAppointment => "I found no such appointment in the calendar.",
        Told::Over => "That appointment is over and can't be cancelled.",
        Told::Cancelled => "That appointment was cancelled in the meantime.",
        Told::Busy => "I am sorry, the calendar can't be reached at the moment.",
        Told::TooLate => {
            "I am sorry, the calendar did not answer in time and I have no confirmation."
        }
    }
}
