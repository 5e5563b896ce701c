//! Calls that OpenAI can't answer now: its circuit breaker is open (PIPE-10). No actor is started.
//! The caller is put through to the transfer number, if they called and there is one; else they
//! hear the apology. The call's row and lead are kept.

use actors::call::records::new_call;
use actors::messages::JournalEntry;
use entities::calls::CallStatus;
use protocol::call::{CallSetup, EndReason, EndedBy, Ending};
use protocol::openai::fault::FatalCause;
use protocol::twilio::forms::{DialForm, Direction, Form};
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
    state.services.metrics.ended(ending.reason);
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
pub(super) async fn on_transfer_ended(state: &TwilioState, form: &Form) -> Twiml {
    if let Ok(dialled) = DialForm::read(form) {
        state.door_transfers.end(&dialled.call_sid);
    }
    if DialForm::tells_of_an_answer(form) {
        Twiml::hangup()
    } else {
        lookup::apology_of(state, form).await
    }
}
