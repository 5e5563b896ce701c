//! The system prompt of a call, as the voice webhook and `frontdesk prompt show` make it (PROMPT-1).

use entities::businesses::VoiceLookup;
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::PhoneNumber;
use protocol::prompt::{LeadFacts, PromptParts, WrittenFact, system_prompt};
use protocol::twilio::forms::Direction;

/// The system prompt of a call that begins `now`.
pub(crate) fn for_call(
    settings: &BusinessSettings,
    found: &VoiceLookup,
    direction: Direction,
    person: Option<&PhoneNumber>,
    now: Timestamp,
) -> String {
    let lead = found.lead.as_ref().map(LeadFacts::from).unwrap_or_default();
    let appointments: Vec<_> = found.appointments.iter().map(Into::into).collect();
    let messages: Vec<WrittenFact> = found.messages.iter().map(Into::into).collect();
    system_prompt(&PromptParts {
        business: settings,
        business_prompt: &found.prompt_text,
        direction,
        now,
        caller: person.map(PhoneNumber::as_str),
        lead: &lead,
        appointments: &appointments,
        messages: &messages,
    })
}

/// The system prompt of a call by somebody of whom nothing is known.
pub(crate) fn preview(settings: &BusinessSettings, direction: Direction, now: Timestamp) -> String {
    system_prompt(&PromptParts {
        business: settings,
        business_prompt: &settings.agent.prompt,
        direction,
        now,
        caller: None,
        lead: &LeadFacts::default(),
        appointments: &[],
        messages: &[],
    })
}
