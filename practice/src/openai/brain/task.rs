//! What a system prompt tells the model of its task: what must be collected, and when the business is open.

/// The task of one prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task<'a> {
    /// The fields to collect, in order; `None` if the prompt doesn't speak of them.
    pub(super) fields: Option<Vec<&'a str>>,
    /// Each day that the business is open, Sunday as 0, with its spans.
    pub(super) hours: Vec<(usize, &'a str)>,
}

const REQUIRED: [&str; 2] = ["# מה צריך לאסוף\n", "# What must be collected\n"];
const HOURS: [&str; 2] = ["- שעות פעילות:\n", "- Opening hours:\n"];
/// The days from Sunday on.
const DAYS: [[&str; 7]; 2] = [
    ["יום ראשון", "יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "שבת"],
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
];

impl<'a> Task<'a> {
    pub(super) fn of(prompt: &'a str) -> Self {
        // The business's own prompt comes before, and may hold the same words.
        let after = |headings: [&str; 2]| {
            headings.into_iter().find_map(|heading| Some(prompt.rsplit_once(heading)?.1))
        };
        let fields = after(REQUIRED).map(|rest| {
            let section = rest.lines().take_while(|line| !line.starts_with('#'));
            section.filter_map(|line| line.strip_prefix("- ")).collect()
        });
        let hours = after(HOURS).map(|rest| {
            let days = rest.lines().map_while(|line| line.strip_prefix("  - "));
            days.filter_map(day).collect()
        });
        Self { fields, hours: hours.unwrap_or_default() }
    }

    /// The opening hours in words, in the language of the call; `None` if the prompt has none.
    pub(super) fn told_hours(&self, language: &str) -> Option<String> {
        let names = &DAYS[usize::from(language != "he")];
        let days: Vec<String> =
            self.hours.iter().map(|(day, spans)| format!("{} {spans}", names[*day])).collect();
        (!days.is_empty()).then(|| days.join("; "))
    }
}

/// A day with its spans, if it has any.
fn day(line: &str) -> Option<(usize, &str)> {
    let (name, spans) = line.split_once(": ")?;
    let day = DAYS.iter().find_map(|days| days.iter().position(|day| *day == name))?;
    spans.starts_with(|first: char| first.is_ascii_digit()).then_some((day, spans))
}
