//! Sentences about appointments that the agent can say to the caller.

mod english;
mod hebrew;

use jiff::civil::{Date, DateTime, Time};

use super::error::{CalendarError, SlotError};
use super::start::Unclear;
use crate::business::Locale;

/// Why nothing was done, as far as a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SpokenReason {
    OnceMore,
    DateAgain,
    LengthOff,
    Past,
    TooSoon,
    TooFar,
    Closed,
    OutsideHours,
    NoSuchSlot,
    WhichTime,
    SkippedTime,
    DoubledTime,
    Taken,
    NothingFree,
    AlreadyHolds,
    Which,
    NoSuchAppointment,
    Over,
    Cancelled,
    Busy,
    TooLate,
}

pub(super) fn booked(locale: Locale, date: Date, time: Time) -> String {
    let (date, time) = (date_with_year(locale, date), clock(time));
    match locale {
        Locale::Hebrew => {
            format!("קבעתי פגישה ללקוח בתאריך {date} בשעה {time}, זה מאושר ביומן.")
        }
        Locale::English => {
            format!("The appointment is booked for {date} at {time}; it is in the calendar.")
        }
    }
}

pub(super) fn cancelled(locale: Locale, date: Date, time: Time) -> String {
    let (date, time) = (date_with_year(locale, date), clock(time));
    match locale {
        Locale::Hebrew => format!("הפגישה בתאריך {date} בשעה {time} בוטלה."),
        Locale::English => format!("The appointment on {date} at {time} is cancelled."),
    }
}

pub(super) fn moved(locale: Locale, date: Date, time: Time) -> String {
    let (date, time) = (date_with_year(locale, date), clock(time));
    match locale {
        Locale::Hebrew => format!("העברתי את הפגישה לתאריך {date} בשעה {time}, זה מאושר ביומן."),
        Locale::English => {
            format!("The appointment is moved to {date} at {time}; it is in the calendar.")
        }
    }
}

/// Why nothing was done, with the appointments that the caller holds.
pub(super) fn mine(locale: Locale, why: &CalendarError, held: &[DateTime]) -> String {
    let refused = refused(locale, why);
    if held.is_empty() {
        return refused;
    }
    let held: Vec<String> = held
        .iter()
        .map(|held| {
            let (date, time) = (day(locale, held.date()), clock(held.time()));
            match locale {
                Locale::Hebrew => format!("ב{date} בשעה {time}"),
                Locale::English => format!("on {date} at {time}"),
            }
        })
        .collect();
    match locale {
        Locale::Hebrew => format!("ביומן יש לך פגישה {}. {refused}", held.join(", וגם ")),
        Locale::English => {
            format!("You have an appointment {}. {refused}", held.join(", and one "))
        }
    }
}

pub(super) fn day_is_full(locale: Locale, date: Date) -> String {
    let date = day(locale, date);
    match locale {
        Locale::Hebrew => format!("אין מועד פנוי ב{date}."),
        Locale::English => format!("Nothing is free on {date}."),
    }
}

pub(super) fn offer(locale: Locale, date: Date, times: &[Time]) -> String {
    let (date, times) = (day(locale, date), either(locale, times));
    match locale {
        Locale::Hebrew => format!("ב{date} פנוי בשעה {times}. מה מתאים?"),
        Locale::English => format!("On {date} there is {times}. What suits you?"),
    }
}

pub(super) fn refused(locale: Locale, error: &CalendarError) -> String {
    let reason = spoken_reason(error);
    match locale {
        Locale::Hebrew => hebrew::refused(reason),
        Locale::English => english::refused(reason),
    }
    .to_owned()
}

/// A date with the day of the week, without the year.
fn day(locale: Locale, date: Date) -> String {
    let weekday = usize::from(date.weekday().to_sunday_zero_offset().unsigned_abs());
    let (day, month) = (date.day(), month(locale, date));
    match locale {
        Locale::Hebrew => format!("{}, {day} ב{month}", hebrew::WEEKDAYS[weekday % 7]),
        Locale::English => format!("{}, {day} {month}", english::WEEKDAYS[weekday % 7]),
    }
}

fn date_with_year(locale: Locale, date: Date) -> String {
    let (day, month, year) = (date.day(), month(locale, date), date.year());
    match locale {
        Locale::Hebrew => format!("{day} ב{month} {year}"),
        Locale::English => format!("{day} {month} {year}"),
    }
}

fn month(locale: Locale, date: Date) -> &'static str {
    let month = usize::from(date.month().unsigned_abs()).saturating_sub(1) % 12;
    match locale {
        Locale::Hebrew => hebrew::MONTHS[month],
        Locale::English => english::MONTHS[month],
    }
}

/// `09:00, 09:30 or 10:00`
fn either(locale: Locale, times: &[Time]) -> String {
    let or = match locale {
        Locale::Hebrew => " או ",
        Locale::English => " or ",
    };
    let times: Vec<String> = times.iter().map(|time| clock(*time)).collect();
    match times.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}{or}{last}", first.join(", ")),
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn spoken_reason(error: &CalendarError) -> SpokenReason {
    match error {
        CalendarError::Arguments
        | CalendarError::Missing(_)
        | CalendarError::Wrong(_)
        | CalendarError::NotYesOrNo(_)
        | CalendarError::Date(..) => SpokenReason::DateAgain,
        CalendarError::Text(..) => SpokenReason::OnceMore,
        CalendarError::Length => SpokenReason::LengthOff,
        CalendarError::PastDate | CalendarError::Slot(SlotError::Past) => SpokenReason::Past,
        CalendarError::Slot(SlotError::TooSoon) => SpokenReason::TooSoon,
        CalendarError::FarDate { .. } | CalendarError::Slot(SlotError::TooFar) => {
            SpokenReason::TooFar
        }
        CalendarError::Slot(SlotError::Closed) => SpokenReason::Closed,
        CalendarError::Slot(SlotError::OutsideHours) => SpokenReason::OutsideHours,
        CalendarError::Slot(SlotError::BetweenSlots) => SpokenReason::NoSuchSlot,
        CalendarError::Unclear(unclear) => match unclear.why {
            Unclear::Offset => SpokenReason::WhichTime,
            Unclear::Skipped => SpokenReason::SkippedTime,
            Unclear::Doubled => SpokenReason::DoubledTime,
        },
        CalendarError::AlreadyHolds => SpokenReason::AlreadyHolds,
        CalendarError::Taken => SpokenReason::Taken,
        CalendarError::NothingFree => SpokenReason::NothingFree,
        CalendarError::Which => SpokenReason::Which,
        CalendarError::NoSuchAppointment => SpokenReason::NoSuchAppointment,
        CalendarError::Over => SpokenReason::Over,
        CalendarError::Cancelled => SpokenReason::Cancelled,
        CalendarError::Busy | CalendarError::Failed => SpokenReason::Busy,
        CalendarError::TooLate => SpokenReason::TooLate,
    }
}
