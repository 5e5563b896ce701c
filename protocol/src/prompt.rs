//! The system prompt of a call (PROMPT-1): the business's own prompt, the required fields, facts about
//! the call, rules of conduct, and the rules about the end. It is written in the business's
//! [`Locale`](crate::business::Locale).

mod facts;
mod wording;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::business::{BusinessSettings, Decider, LeadStatus};
use crate::tools;
use crate::twilio::forms::Direction;
use wording::Wording;

/// What a call's system prompt is made of (PROMPT-1).
#[derive(Debug, Clone, Copy)]
pub struct PromptParts<'a> {
    /// The business's settings.
    pub business: &'a BusinessSettings,
    /// The business's own prompt, in its current version.
    pub business_prompt: &'a str,
    /// Who called whom: the conduct rules differ.
    pub direction: Direction,
    /// When the call began. Told in the business's zone.
    pub now: Timestamp,
    /// The person's number in E.164; `None` if withheld.
    pub caller: Option<&'a str>,
    /// The person's lead before the call.
    pub lead: &'a LeadFacts,
    /// The person's appointments. Those before `now` are left out.
    pub appointments: &'a [AppointmentFact],
    /// The last written messages between the two, oldest first (WA-7).
    pub messages: &'a [WrittenFact],
}

/// A lead as the prompt shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFacts {
    /// Full name, if known.
    pub full_name: Option<String>,
    /// Email address, if known.
    pub email: Option<String>,
    /// Status of the lead.
    pub status: LeadStatus,
    /// Values of the business's own fields, by name.
    pub fields: BTreeMap<String, String>,
}

/// An appointment as the prompt shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentFact {
    /// First moment.
    pub start: Timestamp,
    /// Notes from the booking.
    pub notes: Option<String>,
}

/// A written message as the prompt of a call shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFact {
    /// When it came or was sent.
    pub at: Timestamp,
    /// Whether the person wrote it.
    pub from_person: bool,
    /// The text.
    pub text: String,
}

/// The system prompt of a written conversation (WA-1): as that of a call, with other rules of conduct.
/// `direction` and `messages` count for nothing: the messages themselves follow.
#[must_use]
pub fn writing_prompt(parts: &PromptParts<'_>) -> String {
    let wording = Wording::of(&parts.business.language);
    joined(&[
        format!("{} {}.", wording.writing_role, facts::on_one_line(&parts.business.name)),
        parts.business_prompt.trim().to_owned(),
        required(parts.business, wording),
        facts::writing_section(parts, wording),
        wording.in_writing(&parts.business.language) + &tools::writing_rules(parts.business),
        ending_in_writing(parts.business, wording),
    ])
}

/// The system prompt of a call. The business's name and its own prompt come first, the rules about the
/// end last (PROMPT-3).
#[must_use]
pub fn system_prompt(parts: &PromptParts<'_>) -> String {
    let wording = Wording::of(&parts.business.language);
    let sections = [
        role(parts, wording),
        parts.business_prompt.trim().to_owned(),
        required(parts.business, wording),
        facts::section(parts, wording),
        conduct(parts.business, wording),
        hang_up_rules(parts.business, wording),
    ];
    joined(&sections)
}

fn joined(sections: &[String]) -> String {
    let mut prompt = sections
        .iter()
        .filter(|section| !section.is_empty())
        .map(|section| section.trim_end())
        .collect::<Vec<_>>()
        .join("\n\n");
    prompt.push('\n');
    prompt
}

fn role(parts: &PromptParts<'_>, wording: &Wording) -> String {
    format!("{} {}.", wording.role, facts::on_one_line(&parts.business.name))
}

fn required(business: &BusinessSettings, wording: &Wording) -> String {
    let ending = &business.ending;
    let mut lines = vec![format!("# {}", wording.required_heading)];
    if ending.required_lead_fields.is_empty() {
        lines.push(wording.nothing_required.to_owned());
    } else {
        lines.push(wording.required_intro.to_owned());
        lines.extend(ending.required_lead_fields.iter().map(|field| format!("- {field}")));
    }
    if !business.lead.fields.is_empty() {
        lines.push(format!("{} {}", wording.optional, business.lead.fields.join(", ")));
    }
    lines.join("\n")
}

fn conduct(business: &BusinessSettings, wording: &Wording) -> String {
    let mut section = wording.conduct(&business.language);
    section.push_str(&tools::prompt_rules(business));
    section
}

fn ending_in_writing(business: &BusinessSettings, wording: &Wording) -> String {
    let fields = &business.ending.required_lead_fields;
    let collected = if fields.is_empty() { wording.none.to_owned() } else { fields.join(", ") };
    wording.writing_end.replace("{collected}", &collected)
}

fn hang_up_rules(business: &BusinessSettings, wording: &Wording) -> String {
    let fields = &business.ending.required_lead_fields;
    let collected = if fields.is_empty() { wording.none.to_owned() } else { fields.join(", ") };
    let who_ends = match business.ending.decider {
        Decider::Model | Decider::Both => wording.model_ends,
        Decider::Phrases => wording.phrases_end,
    };
    wording.hang_up.replace("{who_ends}", who_ends.trim_end()).replace("{collected}", &collected)
}

#[cfg(test)]
mod tests;
