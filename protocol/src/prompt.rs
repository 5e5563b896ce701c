//! The system prompt of one call, built from parts: what the business wants, what is known, how to
//! speak and when to ask for the end. In Hebrew for a business that speaks Hebrew, else in English.

mod facts;
mod wording;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::business::{BusinessSettings, Decider, LeadStatus};
use crate::tools;
use crate::twilio::forms::Direction;
use wording::Wording;

/// What a prompt is built from.
#[derive(Debug, Clone, Copy)]
pub struct PromptParts<'a> {
    /// The business's settings.
    pub business: &'a BusinessSettings,
    /// The business's own prompt, in the version in force.
    pub business_prompt: &'a str,
    /// Who called whom.
    pub direction: Direction,
    /// The wall's time.
    pub now: Timestamp,
    /// The person's number in E.164; `None` where it is withheld.
    pub caller: Option<&'a str>,
    /// What is known of the person from before.
    pub lead: &'a LeadFacts,
    /// The person's appointments; those before `now` are left out.
    pub appointments: &'a [AppointmentFact],
}

/// What is known of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFacts {
    /// Their name.
    pub full_name: Option<String>,
    /// Their address for email.
    pub email: Option<String>,
    /// How far the lead has come.
    pub status: LeadStatus,
    /// The business's own fields, by name.
    pub fields: BTreeMap<String, String>,
}

/// An appointment of the person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentFact {
    /// When it begins.
    pub start: Timestamp,
    /// What it is about.
    pub notes: Option<String>,
}

/// The prompt of a call: for whom the agent speaks and the business's own prompt first, the rules
/// about the call's end last.
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
