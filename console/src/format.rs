//! Dates, times, numbers and telephone numbers as a person reads them. What is read from left to right is isolated
//! from the text around it.

use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, Zoned};
use protocol::ids::PhoneNumber;

use crate::count::{Count, grouped};
use crate::markup::{Markup, escaped};
use crate::texts::{Locale, Texts};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A text that is read from left to right whatever stands around it.
fn left_to_right(text: &str) -> Markup {
    Markup::new(format!("<bdi dir=\"ltr\">{}</bdi>", escaped(text)))
}

/// What is counted or measured, with the unit's text chosen by the language.
impl Texts {
    #[must_use]
    pub fn number(&self, number: impl Count) -> String {
        grouped(number.value())
    }

    /// An amount in US dollars, from millionths.
    #[must_use]
    pub fn money(&self, micro_usd: &u64) -> Markup {
        left_to_right(&self.dollars(*micro_usd))
    }

    /// The same as plain text.
    #[must_use]
    pub fn dollars(&self, micro_usd: u64) -> String {
        // Above a dollar nobody counts tenths of cents.
        let (whole, part) = (micro_usd / 1_000_000, micro_usd % 1_000_000);
        let amount = if whole > 0 {
            format!("{}.{:02}", grouped(whole), part / 10_000)
        } else {
            format!("0.{:04}", part / 100)
        };
        match self.locale {
            Locale::Hebrew => format!("{amount}\u{a0}$"),
            Locale::English => format!("${amount}"),
        }
    }

    /// A telephone number as a person reads it, or the words for a withheld one.
    #[must_use]
    pub fn phone(&self, number: &Option<PhoneNumber>) -> Markup {
        match number {
            Some(number) => left_to_right(&readable(number)),
            None => Markup::new(escaped(&self.say("phone-withheld"))),
        }
    }

    /// A name, isolated from the text around it.
    #[must_use]
    pub fn name(&self, name: impl AsRef<str>) -> Markup {
        Markup::new(format!("<bdi>{}</bdi>", escaped(name.as_ref())))
    }

    /// An id, a key or a piece of code.
    #[must_use]
    pub fn code(&self, text: impl AsRef<str>) -> Markup {
        Markup::new(format!("<code dir=\"ltr\">{}</code>", escaped(text.as_ref())))
    }

    /// Minutes and seconds, as in 2:05, or hours before them.
    #[must_use]
    pub fn duration(&self, duration: &Duration) -> Markup {
        left_to_right(&clock_like(*duration))
    }

    /// Seconds with a tenth, as in "1.4 s"; below a tenth with a hundredth.
    #[must_use]
    pub fn seconds(&self, duration: &Duration) -> String {
        let millis = duration.as_millis();
        let text = if millis < 100 {
            format!("0.{:02}", (millis + 5) / 10)
        } else {
            let tenths = (millis + 50) / 100;
            format!("{}.{}", tenths / 10, tenths % 10)
        };
        self.named("seconds", text)
    }

    /// The time of day.
    #[must_use]
    pub fn time(&self, at: &Timestamp) -> Markup {
        let at = *at;
        self.time_element(at, &clock(&self.local(at)))
    }

    /// The day in words: today, yesterday, or its date.
    #[must_use]
    pub fn day(&self, at: &Timestamp) -> String {
        self.date(&self.local(*at).date())
    }

    /// The day and the time of day.
    #[must_use]
    pub fn when(&self, at: &Timestamp) -> Markup {
        let at = *at;
        let text = self.pair("day-and-time", self.day(&at), clock(&self.local(at)));
        self.time_element(at, &text)
    }

    /// How long ago, in words.
    #[must_use]
    pub fn ago(&self, at: &Timestamp) -> Markup {
        let at = *at;
        let secs = u64::try_from((self.now - at).get_seconds()).unwrap_or_default();
        let text = match secs {
            0..MINUTE => self.say("ago-now"),
            MINUTE..HOUR => self.count("ago-minutes", secs / MINUTE),
            HOUR..DAY => self.count("ago-hours", secs / HOUR),
            _ if secs / DAY < 7 => self.count("ago-days", secs / DAY),
            _ => self.day(&at),
        };
        self.time_element(at, &text)
    }

    /// A length of time in words, in its largest units.
    #[must_use]
    pub fn length(&self, duration: &Duration) -> String {
        let secs = duration.as_secs();
        match secs {
            0..MINUTE => self.count("length-seconds", secs),
            MINUTE..HOUR => self.count("length-minutes", secs / MINUTE),
            HOUR..DAY => self.count("length-hours", secs / HOUR),
            _ => self.count("length-days", secs / DAY),
        }
    }

    /// A date in words.
    #[must_use]
    pub fn date(&self, date: &Date) -> String {
        let date = *date;
        let today = self.today();
        match (date - today).get_days() {
            0 => self.say("day-today"),
            -1 => self.say("day-yesterday"),
            1 => self.say("day-tomorrow"),
            _ if date.year() == today.year() => {
                self.pair("date-with-weekday", self.weekday(&date), self.day_and_month(&date))
            }
            _ => self.pair("date-with-year", self.day_and_month(&date), date.year().to_string()),
        }
    }

    /// The day of the month and the month.
    #[must_use]
    pub fn day_and_month(&self, date: &Date) -> String {
        let date = *date;
        self.pair("day-and-month", date.day().to_string(), self.say(month(date)))
    }

    #[must_use]
    pub fn weekday(&self, date: &Date) -> String {
        self.say(weekday(date.weekday()))
    }

    #[must_use]
    pub(crate) fn today(&self) -> Date {
        self.local(self.now).date()
    }

    pub(crate) fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// The text with the moment for machines, and the whole of it for who points at it.
    fn time_element(&self, at: Timestamp, text: &str) -> Markup {
        let local = self.local(at);
        let whole = local.strftime("%Y-%m-%d %H:%M:%S");
        let text = escaped(text);
        Markup::new(format!("<time datetime=\"{at}\" title=\"{whole}\"><bdi>{text}</bdi></time>"))
    }
}

/// The clock's hours and minutes.
pub(crate) fn clock(local: &Zoned) -> String {
    local.strftime("%H:%M").to_string()
}

fn clock_like(duration: Duration) -> String {
    let secs = duration.as_secs();
    let (hours, minutes, secs) = (secs / HOUR, secs / MINUTE % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}")
    } else {
        format!("{minutes}:{secs:02}")
    }
}

/// The number in groups, with its country's code.
fn readable(number: &PhoneNumber) -> String {
    let parsed = phonenumber::parse(None, number.as_str());
    let grouped = parsed.map(|it| it.format().mode(phonenumber::Mode::International).to_string());
    grouped.unwrap_or_else(|_| number.as_str().to_owned())
}

pub(crate) fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "weekday-sunday",
        Weekday::Monday => "weekday-monday",
        Weekday::Tuesday => "weekday-tuesday",
        Weekday::Wednesday => "weekday-wednesday",
        Weekday::Thursday => "weekday-thursday",
        Weekday::Friday => "weekday-friday",
        Weekday::Saturday => "weekday-saturday",
    }
}

fn month(date: Date) -> &'static str {
    const MONTHS: [&str; 12] = [
        "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
        "month-9", "month-10", "month-11", "month-12",
    ];
    usize::try_from(date.month() - 1)
        .ok()
        .and_then(|at| MONTHS.get(at))
        .copied()
        .unwrap_or("month-1")
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    /// An isolate whose letters are all in isolates within it is read from left to right.
    #[test]
    fn con_6_a_hebrew_date_is_one_run_of_text() {
        let now: Timestamp = "2026-11-29T08:30:00Z".parse().unwrap();
        let texts = Texts::new(Locale::Hebrew, TimeZone::UTC, now);
        let date = texts.date(&Date::constant(2026, 11, 27));
        assert_eq!(date, "יום שישי, 27 בנובמבר");
        let when = texts.when(&"2026-11-28T18:27:00Z".parse().unwrap()).to_string();
        assert!(when.contains("<bdi>אתמול, 18:27</bdi>"), "{when}");
    }

    #[test]
    fn con_6_numbers_amounts_and_lengths_are_written_as_people_read_them() {
        let texts = Texts::new(Locale::English, TimeZone::UTC, Timestamp::UNIX_EPOCH);
        assert_eq!(texts.number(1_234_567u32), "1,234,567");
        assert_eq!(texts.money(&81_300).to_string(), "<bdi dir=\"ltr\">$0.0813</bdi>");
        assert_eq!(texts.money(&4_127_000).to_string(), "<bdi dir=\"ltr\">$4.12</bdi>");
        let duration = |secs| texts.duration(&Duration::from_secs(secs)).to_string();
        assert!(duration(125).contains(">2:05<") && duration(3725).contains(">1:02:05<"));
        let hebrew = Texts::new(Locale::Hebrew, TimeZone::UTC, Timestamp::UNIX_EPOCH);
        assert_eq!(hebrew.length(&Duration::from_secs(7200)), "שעתיים");
    }
}
