//! The English sentences.

use super::SpokenReason;

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

pub(super) fn refused(reason: SpokenReason) -> &'static str {
    match reason {
        SpokenReason::DateAgain => {
            "I did not get the date. Could you tell me the day and the time again?"
        }
        SpokenReason::OnceMore => "One moment, I will try that once more.",
        SpokenReason::LengthOff => "An appointment can't be that long or that short.",
        SpokenReason::Past => "That time has already passed.",
        SpokenReason::TooSoon => "That is too soon to be booked now.",
        SpokenReason::TooFar => "That is too far ahead; the calendar is not open for it yet.",
        SpokenReason::Closed => "We are closed on that day.",
        SpokenReason::OutsideHours => "That is outside our opening hours.",
        SpokenReason::NoSuchSlot => "No appointment begins at exactly that time.",
        SpokenReason::WhichTime => "I want to be sure of the time.",
        SpokenReason::SkippedTime => {
            "The clocks are put forward on that night, so there is no such time."
        }
        SpokenReason::DoubledTime => {
            "The clocks are put back on that night, so that time comes twice."
        }
        SpokenReason::AlreadyHolds => "Shall I move it, or book another one as well?",
        SpokenReason::Taken => "That time has just been taken.",
        SpokenReason::NothingFree => "There is no free time in the calendar at the moment.",
        SpokenReason::Which => "Which appointment do you mean?",
        SpokenReason::NoSuchAppointment => "I found no such appointment in the calendar.",
        SpokenReason::Over => "That appointment is over and can't be changed.",
        SpokenReason::Cancelled => "That appointment was cancelled in the meantime.",
        SpokenReason::Busy => "I am sorry, the calendar can't be reached at the moment.",
        SpokenReason::TooLate => {
            "I am sorry, the calendar did not answer in time and I have no confirmation."
        }
    }
}
