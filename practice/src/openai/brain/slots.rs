//! Finds dates and times in texts: today in the instructions, slots in a tool's output.

use serde_json::Value;

use super::words::plain;

/// The first date (`2026-11-21`) in a text.
pub(super) fn first_date(text: &str) -> Option<&str> {
    windows(text, 10).find(|window| is_date(window))
}

/// All distinct times with date and offset (RFC 3339) in a text, in order.
pub(super) fn times(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.char_indices() {
        let rest = &text[at..];
        let Some((date, time)) = rest.split_at_checked(10) else { continue };
        if !is_date(date) || !time.starts_with('T') {
            continue;
        }
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || "-:+TZ.".contains(c)))
            .unwrap_or(rest.len());
        let time = rest[..length].to_owned();
        if !found.contains(&time) {
            found.push(time);
        }
    }
    found
}

/// The slots that a refused booking offers instead.
pub(super) fn others(output: &str) -> Vec<String> {
    let output: Value = serde_json::from_str(output).unwrap_or_default();
    output.get("slots").map(|slots| times(&slots.to_string())).unwrap_or_default()
}

/// An appointment, as a tool's output names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Appointment {
    pub(super) id: String,
    /// RFC 3339 with an offset.
    pub(super) start: String,
}

/// The appointment that an output confirms, or the first that it says the caller holds.
pub(super) fn appointment(output: &str) -> Option<Appointment> {
    let output: Value = serde_json::from_str(output).ok()?;
    let named = output.get("appointments").and_then(|held| held.get(0)).unwrap_or(&output);
    let text = |name| named.get(name)?.as_str().map(str::to_owned);
    Some(Appointment { id: text("appointment_id")?, start: text("slot_start")? })
}

/// Whether a booking was refused because the caller holds an appointment.
pub(super) fn has_another(output: &str) -> bool {
    let output: Value = serde_json::from_str(output).unwrap_or_default();
    output.get("error").is_some_and(|error| error == "already_booked")
}

/// The slot that a booking's arguments ask for.
pub(super) fn wanted(arguments: &str) -> Option<String> {
    let arguments: Value = serde_json::from_str(arguments).ok()?;
    arguments.get("slot_start")?.as_str().map(str::to_owned)
}

/// The time that the caller names, on the day of this start: `10:30`.
pub(super) fn at_named_time(start: &str, words: &str) -> Option<String> {
    let words = plain(words);
    let is_time = |word: &&str| {
        word.len() == 5
            && word.bytes().enumerate().all(|(n, byte)| match n {
                2 => byte == b':',
                _ => byte.is_ascii_digit(),
            })
    };
    let time = words.split(' ').find(is_time)?;
    Some(format!("{}{time}{}", start.get(..11)?, start.get(16..)?))
}

/// The time of day of an RFC 3339 text: `10:30`.
pub(super) fn time_of_day(time: &str) -> &str {
    time.get(11..16).unwrap_or(time)
}

/// The slot that the caller chose: by time of day or by place in the list. An agreement chooses the
/// first.
pub(super) fn chosen<'a>(slots: &'a [String], words: &str, agrees: bool) -> Option<&'a String> {
    const SECOND: [&str; 5] = [" השני ", " השנייה ", " second ", " the later ", " המאוחר "];
    const FIRST: [&str; 5] = [" הראשון ", " הראשונה ", " first ", " the earlier ", " המוקדם "];
    let words = plain(words);
    let by_time = slots.iter().find(|slot| {
        let time = time_of_day(slot);
        let hour = time.trim_start_matches('0').trim_end_matches(":00");
        words.contains(time)
            || words.contains(&format!(" {hour} "))
            || words.contains(&format!(" ב{hour} "))
    });
    let by_place = || {
        if SECOND.iter().any(|word| words.contains(word)) {
            slots.get(1)
        } else if agrees || FIRST.iter().any(|word| words.contains(word)) {
            slots.first()
        } else {
            None
        }
    };
    by_time.or_else(by_place)
}

/// The sentence that a tool's output suggests to say.
pub(super) fn sentence(output: &str) -> Option<String> {
    let output: Value = serde_json::from_str(output).ok()?;
    ["say", "message", "sentence"]
        .iter()
        .find_map(|name| output.get(name)?.as_str().map(str::to_owned))
}

fn windows(text: &str, length: usize) -> impl Iterator<Item = &str> {
    text.char_indices().filter_map(move |(at, _)| text.get(at..at + length))
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(n, byte)| match n {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}
