//! Calls that OpenAI can't answer now: its circuit breaker is open (PIPE-10). No actor is started.
//! The caller is put through to the transfer number, if they called and there is one; else they
//! hear the apology. The call's row and lead are kept.

use actors::call::records::new_call;
use actors::messages::JournalEntry;
use entities::calls::CallStatus;
use protocol::call::{CallSetup, EndReason, EndedBy, Ending};
use protocol::openai::fault::FatalCause;
use protocol::twilio::forms::{DialForm, Direction, Form, VoiceForm};
use protocol::twilio::twiml::{Dial, Twiml};

use super::connect::apology;
use super::lookup;
use super::state::TwilioState;

/// Where Twilio reports how such a transfer ended.
pub(super) const TRANSFER_ENDED: &str = "/twilio/voice/unanswerable";

/// Answers the voice webhook of a call that can't be answered.
pub(super) fn answer(state: &TwilioState, setup: &CallSetup, cause: FatalCause) -> Twiml {
    let (business, call) = (setup.business, &setup.call_sid);
    tracing::error!(%call, cause = cause.as_str(), "a call was not taken: OpenAI can't answer");
    let now = state.services.clock.wall();
    let ending = Ending { reason: EndReason::UpstreamFailed, by: EndedBy::Daemon };
    for entry in [
        JournalEntry::placed(business, new_call(setup, CallStatus::InProgress, now)),
        JournalEntry::person(business, call.clone(), setup.person.number().cloned(), now),
        JournalEntry::ended(business, call.clone(), ending, None, now),
    ] {
        state.services.journal.record(entry);
    }
    twiml(state, setup)
}

/// What the caller hears.
pub(super) fn twiml(state: &TwilioState, setup: &CallSetup) -> Twiml {
    match setup.transfer.clone().filter(|_| setup.direction == Direction::Inbound) {
        Some(dial) => {
            state.door_transfers.add(setup, state.services.clock.now());
            let action = format!("{}{TRANSFER_ENDED}", state.public_url);
            Twiml::transfer(Dial { action, ..dial })
        }
        None => apology(&setup.settings),
    }
}

/// Answers [`TRANSFER_ENDED`]: who reached nobody hears the apology after all.
pub(super) fn on_transfer_ended(state: &TwilioState, form: &Form) -> Twiml {
    let dialled = DialForm::read(form);
    if let Ok(dialled) = &dialled {
        state.door_transfers.end(&dialled.call_sid);
    }
    let answered = dialled.is_ok_and(|form| form.was_answered());
    let number = VoiceForm::read(form).ok().and_then(|form| form.business_number().cloned());
    match number {
        Some(number) if !answered => lookup::apology_at(state, &number),
        Some(_) | None => Twiml::hangup(),
    }
}
