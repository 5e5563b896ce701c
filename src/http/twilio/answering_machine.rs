//! Calls that we place and that an answering machine takes (CALL-7). There is nobody to talk with, so
//! no actor is started. The machine gets a message or nothing. The call's row and lead are kept.

use actors::call::records::new_call;
use actors::messages::JournalEntry;
use entities::calls::CallStatus;
use protocol::business::{BusinessSettings, Lines, MachineDetection};
use protocol::call::{CallSetup, EndReason, EndedBy, Ending};
use protocol::twilio::forms::AnsweredBy;
use protocol::twilio::twiml::{Say, Twiml, Verb};

use super::state::TwilioState;

/// Answers the voice webhook of a call that a machine has taken.
pub(super) fn answer(state: &TwilioState, setup: &CallSetup, machine: AnsweredBy) -> Twiml {
    tracing::info!(call = %setup.call_sid, by = %machine, "a machine answered");
    let (business, call) = (setup.business, &setup.call_sid);
    let now = state.services.clock.wall();
    let row = new_call(setup, CallStatus::InProgress, now);
    let ending = Ending { reason: EndReason::Machine, by: EndedBy::Daemon };
    state.services.metrics.ended(ending.reason);
    let person = setup.person.number().cloned();
    for entry in [
        // Writes nothing if the row is there, as it is where the API placed the call.
        JournalEntry::placed(business, row),
        JournalEntry::person(business, call.clone(), person, now),
        JournalEntry::ended(business, call.clone(), ending, None, now),
    ] {
        state.services.journal.record(entry);
    }
    match message(&setup.settings, &setup.lines, machine) {
        Some(message) => Twiml::new(vec![Verb::Say(message), Verb::Hangup]),
        None => Twiml::hangup(),
    }
}

/// The message to leave: only if the machine records by now, and if the business leaves messages.
fn message(settings: &BusinessSettings, lines: &Lines, machine: AnsweredBy) -> Option<Say> {
    let records = match machine {
        AnsweredBy::MachineEndBeep
        | AnsweredBy::MachineEndSilence
        | AnsweredBy::MachineEndOther => true,
        AnsweredBy::MachineStart | AnsweredBy::Fax | AnsweredBy::Human | AnsweredBy::Unknown => {
            false
        }
    };
    if !records || settings.outbound.machine_detection != MachineDetection::LeaveMessage {
        return None;
    }
    let voice = settings.apology.voice(&settings.language)?;
    let text = lines.machine_message.clone();
    Some(Say { voice: voice.voice, language: voice.locale, text })
}
