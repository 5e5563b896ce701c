//! The facts about a call: direction, opening hours, the time, the caller and their lead. Texts from
//! outside are put on one line and cut, so that they can't look like rules.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::wording::Wording;
use super::{AppointmentFact, Direction, LeadFacts, PromptParts};
use crate::business::{Appointments, BusinessSettings, WeeklyHours};

/// The longest value shown, in characters.
const LONGEST_VALUE: usize = 300;

/// The most days off shown.
const MOST_DAYS_OFF: usize = 20;

/// The section, one fact per line.
pub(super) fn section(parts: &PromptParts<'_>, wording: &Wording) -> String {
    let zone = parts.business.timezone.rules();
    let direction = match parts.direction {
        Direction::Inbound => wording.inbound,
        Direction::Outbound => wording.outbound,
    };
    let mut lines = vec![format!("# {}", wording.facts_heading), format!("- {direction}")];
    lines.extend(opening_hours(&parts.business.appointments, wording));
    lines.extend(days_off(parts, zone, wording));
    lines.push(format!("- {}: {}", wording.now, told_now(parts.business, parts.now, wording)));
    lines.push(format!("- {}: {}", wording.caller, parts.caller.unwrap_or(wording.withheld)));
    lines.push(format!("- {}: {}", wording.known_before, known(parts.lead)));
    lines.push(appointments(parts, zone, wording));
    lines.extend(written(parts, zone, wording));
    lines.join("\n")
}

/// The section of a written conversation.
pub(super) fn writing_section(parts: &PromptParts<'_>, wording: &Wording) -> String {
    let zone = parts.business.timezone.rules();
    let mut lines = vec![format!("# {}", wording.writing_facts_heading)];
    lines.extend(opening_hours(&parts.business.appointments, wording));
    lines.extend(days_off(parts, zone, wording));
    lines.push(format!("- {}: {}", wording.now, told_now(parts.business, parts.now, wording)));
    lines.push(format!("- {}: {}", wording.caller, parts.caller.unwrap_or(wording.withheld)));
    lines.push(format!("- {}: {}", wording.known_before, known(parts.lead)));
    lines.push(appointments(parts, zone, wording));
    lines.join("\n")
}

fn written(parts: &PromptParts<'_>, zone: &TimeZone, wording: &Wording) -> Vec<String> {
    if parts.messages.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("- {}:", wording.messages)];
    lines.extend(parts.messages.iter().map(|message| {
        let at = message.at.to_zoned(zone.clone()).strftime("%Y-%m-%d, %H:%M").to_string();
        let who = if message.from_person { wording.they_wrote } else { wording.we_wrote };
        format!("  - {at}, {who}: {:?}", on_one_line(&message.text))
    }));
    lines
}

/// A text from outside as one line of bounded length.
pub(super) fn on_one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST_VALUE).collect()
}

fn told_now(business: &BusinessSettings, now: Timestamp, wording: &Wording) -> String {
    let now = now.to_zoned(business.timezone.rules().clone());
    let weekday = wording.weekday(now.weekday());
    format!("{weekday}, {} ({})", now.strftime("%Y-%m-%d, %H:%M, UTC%:z"), business.timezone)
}

fn opening_hours(rules: &Appointments, wording: &Wording) -> Vec<String> {
    if rules.hours.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("- {}:", wording.hours)];
    for day in WeeklyHours::WEEK {
        let spans: Vec<_> = rules.hours.on(day).iter().map(ToString::to_string).collect();
        let spans = if spans.is_empty() { wording.closed.to_owned() } else { spans.join(", ") };
        lines.push(format!("  - {}: {spans}", wording.weekday(day)));
    }
    lines
}

fn days_off(parts: &PromptParts<'_>, zone: &TimeZone, wording: &Wording) -> Option<String> {
    let today = parts.now.to_zoned(zone.clone()).date();
    let ahead = parts.business.appointments.days_off.iter().filter(|day| **day >= today);
    let ahead: Vec<_> = ahead.take(MOST_DAYS_OFF).map(ToString::to_string).collect();
    (!ahead.is_empty()).then(|| format!("- {}: {}", wording.days_off, ahead.join(", ")))
}

fn known(lead: &LeadFacts) -> String {
    let mut known = vec![format!("lead_status = {}", lead.status.as_str())];
    let person = [("full_name", &lead.full_name), ("email", &lead.email)];
    let person = person.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let fields = lead.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in person.chain(fields) {
        let value = on_one_line(value);
        if !value.is_empty() {
            known.push(format!("{} = {value:?}", on_one_line(name)));
        }
    }
    known.join("; ")
}

fn appointments(parts: &PromptParts<'_>, zone: &TimeZone, wording: &Wording) -> String {
    let mut ahead: Vec<_> =
        parts.appointments.iter().filter(|appointment| appointment.start >= parts.now).collect();
    if ahead.is_empty() {
        return format!("- {}: {}", wording.appointments, wording.none);
    }
    ahead.sort_by_key(|appointment| appointment.start);
    let mut lines = vec![format!("- {}:", wording.appointments)];
    lines.extend(ahead.into_iter().map(|one| appointment(one, zone, wording)));
    lines.join("\n")
}

/// The start as people say it, and as the tools take it.
fn appointment(fact: &AppointmentFact, zone: &TimeZone, wording: &Wording) -> String {
    let start = fact.start.to_zoned(zone.clone());
    let notes = fact.notes.as_deref().map(on_one_line).filter(|notes| !notes.is_empty());
    format!(
        "  - {}, {} (slot_start = {}){}",
        wording.weekday(start.weekday()),
        start.strftime("%Y-%m-%d, %H:%M"),
        start.strftime("%Y-%m-%dT%H:%M:%S%:z"),
        notes.map(|notes| format!(": {notes:?}")).unwrap_or_default(),
    )
}
