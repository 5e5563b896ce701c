//! What can be said to a caller about appointments, in the two languages it is written in.

mod english;
mod hebrew;

use jiff::civil::{Date, Time};

use super::refusal::{Misfit, Refusal};
use crate::business::Language;

/// The language of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// Hebrew.
    Hebrew,
    /// English, which the model translates for all others.
    English,
}

/// Why nothing was done, as far as a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    DateAgain,
    LengthOff,
    Past,
    TooSoon,
    TooFar,
    Closed,
    OutsideHours,
    NoSuchSlot,
    Taken,
    NothingFree,
    Which,
    NoSuchAppointment,
    Over,
    Cancelled,
    Busy,
    TooLate,
}

impl Tongue {
    /// Hebrew for Hebrew, else English.
    #[must_use]
    pub fn of(language: &Language) -> Self {
        if *language == Language::HEBREW { Self::Hebrew } else { Self::English }
    }

    pub(super) fn booked(self, date: Date, time: Time) -> String {
        let (date, time) = (self.date_with_year(date), clock(time));
        match self {
            Self::Hebrew => {
                format!("קבעתי פגישה ללקוח בתאריך {date} בשעה {time}, זה מאושר ביומן.")
            }
            Self::English => {
                format!("The appointment is booked for {date} at {time}; it is in the calendar.")
            }
        }
    }

    pub(super) fn cancelled(self, date: Date, time: Time) -> String {
        let (date, time) = (self.date_with_year(date), clock(time));
        match self {
            Self::Hebrew => format!("הפגישה בתאריך {date} בשעה {time} בוטלה."),
            Self::English => format!("The appointment on {date} at {time} is cancelled."),
        }
    }

    pub(super) fn day_is_full(self, date: Date) -> String {
        let date = self.day(date);
        match self {
            Self::Hebrew => format!("אין מועד פנוי ב{date}."),
            Self::English => format!("Nothing is free on {date}."),
        }
    }

    pub(super) fn offer(self, date: Date, times: &[Time]) -> String {
        let (date, times) = (self.day(date), self.either(times));
        match self {
            Self::Hebrew => format!("ב{date} פנוי בשעה {times}. מה מתאים?"),
            Self::English => format!("On {date} there is {times}. What suits you?"),
        }
    }

    pub(super) fn refused(self, refusal: &Refusal) -> String {
        let told = told(refusal);
        match self {
            Self::Hebrew => hebrew::refused(told),
            Self::English => english::refused(told),
        }
        .to_owned()
    }

    /// A date as it is said, with the day of the week.
    fn day(self, date: Date) -> String {
        let weekday = usize::from(date.weekday().to_sunday_zero_offset().unsigned_abs());
        let (day, month) = (date.day(), self.month(date));
        match self {
            Self::Hebrew => format!("{}, {day} ב{month}", hebrew::WEEKDAYS[weekday % 7]),
            Self::English => format!("{}, {day} {month}", english::WEEKDAYS[weekday % 7]),
        }
    }

    fn date_with_year(self, date: Date) -> String {
        let (day, month, year) = (date.day(), self.month(date), date.year());
        match self {
            Self::Hebrew => format!("{day} ב{month} {year}"),
            Self::English => format!("{day} {month} {year}"),
        }
    }

    fn month(self, date: Date) -> &'static str {
        let month = usize::from(date.month().unsigned_abs()).saturating_sub(1) % 12;
        match self {
            Self::Hebrew => hebrew::MONTHS[month],
            Self::English => english::MONTHS[month],
        }
    }

    /// `09:00, 09:30 or 10:00`
    fn either(self, times: &[Time]) -> String {
        let or = match self {
            Self::Hebrew => " או ",
            Self::English => " or ",
        };
        let times: Vec<String> = times.iter().map(|time| clock(*time)).collect();
        match times.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => format!("{}{or}{last}", first.join(", ")),
        }
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn told(refusal: &Refusal) -> Told {
    match refusal {
        Refusal::Arguments | Refusal::Missing(_) | Refusal::Wrong(_) | Refusal::Date(..) => {
            Told::DateAgain
        }
        Refusal::Length => Told::LengthOff,
        Refusal::PastDate | Refusal::Misfit(Misfit::Past) => Told::Past,
        Refusal::Misfit(Misfit::TooSoon) => Told::TooSoon,
        Refusal::FarDate { .. } | Refusal::Misfit(Misfit::TooFar) => Told::TooFar,
        Refusal::Misfit(Misfit::Closed) => Told::Closed,
        Refusal::Misfit(Misfit::OutsideHours) => Told::OutsideHours,
        Refusal::Misfit(Misfit::BetweenSlots) => Told::NoSuchSlot,
        Refusal::Taken => Told::Taken,
        Refusal::NothingFree => Told::NothingFree,
        Refusal::Which => Told::Which,
        Refusal::NoSuchAppointment => Told::NoSuchAppointment,
        Refusal::Over => Told::Over,
        Refusal::Cancelled => Told::Cancelled,
        Refusal::Busy | Refusal::Failed => Told::Busy,
        Refusal::TooLate => Told::TooLate,
    }
}
