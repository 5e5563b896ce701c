//! The week grid of opening hours.

use protocol::business::{TimeSpan, WeeklyHours};

use super::why::Why;
use crate::format::weekday;

/// Spans that the form offers beyond those that are there.
const SPARE: usize = 2;

/// The most spans of one day that are read.
const MOST_SPANS: usize = 12;

/// A day of the grid.
#[derive(Debug, Clone)]
pub struct HoursDay {
    /// The weekday's name in forms, as in the business's file.
    pub word: &'static str,
    /// The key of its name.
    pub key: &'static str,
    /// Open and close, as they were entered. The last ones are empty.
    pub spans: Vec<(String, String)>,
    /// How many of them are in use.
    pub used: usize,
}

/// The grid.
#[derive(Debug, Clone)]
pub struct HoursGrid {
    pub days: Vec<HoursDay>,
    /// What is wrong: the weekday's word and why.
    pub wrong: Vec<(String, Why)>,
}

const WORDS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

impl HoursGrid {
    /// The grid of these hours.
    #[must_use]
    pub fn of(hours: &WeeklyHours) -> Self {
        let texts = |span: &TimeSpan| {
            let text = span.to_string();
            text.split_once('-')
                .map(|(open, close)| (open.to_owned(), close.to_owned()))
                .unwrap_or_default()
        };
        let days = WeeklyHours::WEEK.iter().zip(WORDS).map(|(day, word)| {
            let spans: Vec<_> = hours.on(*day).iter().map(texts).collect();
            HoursDay::new(word, weekday(*day), spans)
        });
        Self { days: days.collect(), wrong: Vec::new() }
    }

    pub(crate) fn wrong_at(&self, word: &&str) -> Option<&Why> {
        self.wrong.iter().find(|(at, _)| at == word).map(|(_, why)| why)
    }
}

impl HoursDay {
    fn new(word: &'static str, key: &'static str, mut spans: Vec<(String, String)>) -> Self {
        let used = spans.len();
        spans.resize(used + SPARE, (String::new(), String::new()));
        Self { word, key, spans, used }
    }

    pub(crate) fn is_unused(&self, at: &usize) -> bool {
        *at >= self.used
    }
}

/// Reads the grid. `entered` gives the values of a name in their order: `hours.sunday.open` and `hours.sunday.close`.
///
/// # Errors
/// The grid as it was entered, with what is wrong at each day.
pub fn read_hours(entered: impl Fn(&str) -> Vec<String>) -> Result<WeeklyHours, HoursGrid> {
    let mut hours = WeeklyHours::default();
    let mut grid = HoursGrid { days: Vec::new(), wrong: Vec::new() };
    for (day, word) in WeeklyHours::WEEK.into_iter().zip(WORDS) {
        let opens = entered(&format!("hours.{word}.open")).into_iter();
        let closes = entered(&format!("hours.{word}.close")).into_iter();
        let both = opens
            .zip(closes)
            .map(|(open, close)| (open.trim().to_owned(), close.trim().to_owned()));
        let spans: Vec<_> =
            both.filter(|(open, close)| !(open.is_empty() && close.is_empty())).collect();
        for (open, close) in spans.iter().take(MOST_SPANS) {
            // Browsers can't enter 24:00; midnight as a close is the day's end.
            let close = if close == "00:00" { "24:00" } else { close };
            match TimeSpan::parse(&format!("{open}-{close}")) {
                Ok(span) => on(&mut hours, word).push(span),
                Err(wrong) => grid.wrong.push((word.to_owned(), Why::Span(wrong))),
            }
        }
        grid.days.push(HoursDay::new(word, weekday(day), spans));
    }
    if grid.wrong.is_empty() { Ok(hours) } else { Err(grid) }
}

fn on<'a>(hours: &'a mut WeeklyHours, word: &str) -> &'a mut Vec<TimeSpan> {
    match word {
        "sunday" => &mut hours.sunday,
        "monday" => &mut hours.monday,
        "tuesday" => &mut hours.tuesday,
        "wednesday" => &mut hours.wednesday,
        "thursday" => &mut hours.thursday,
        "friday" => &mut hours.friday,
        _ => &mut hours.saturday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered<'a>(values: &'a [(&'a str, &'a [&'a str])]) -> impl Fn(&str) -> Vec<String> + 'a {
        move |name| {
            let found = values.iter().find(|(key, _)| *key == name);
            found.map(|(_, all)| all.iter().map(ToString::to_string).collect()).unwrap_or_default()
        }
    }

    #[test]
    fn con_3_the_week_grid_is_read_as_it_was_written() {
        let values: &[(&str, &[&str])] = &[
            ("hours.sunday.open", &["08:00", "14:00", ""]),
            ("hours.sunday.close", &["13:00", "00:00", ""]),
        ];
        let hours = read_hours(entered(values)).unwrap();
        assert_eq!(
            hours.sunday.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["08:00-13:00", "14:00-24:00"]
        );
        assert!(hours.monday.is_empty());
        let grid = HoursGrid::of(&hours);
        assert_eq!((grid.days[0].used, grid.days[0].spans.len()), (2, 2 + SPARE));
    }

    #[test]
    fn con_3_a_span_that_closes_before_it_opens_is_told_at_its_day_and_not_lost() {
        let values: &[(&str, &[&str])] =
            &[("hours.monday.open", &["18:00"]), ("hours.monday.close", &["09:00"])];
        let grid = read_hours(entered(values)).unwrap_err();
        assert!(grid.wrong_at(&"monday").is_some() && grid.wrong_at(&"sunday").is_none());
        assert_eq!(grid.days[1].spans[0], ("18:00".to_owned(), "09:00".to_owned()));
    }
}
