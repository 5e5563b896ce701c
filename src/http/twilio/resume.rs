//! Calls whose TwiML goes on: the media stream has ended, or a transfer has (CALL-1, CALL-10).

use actors::call_supervisor::CallHandle;
use actors::messages::SupervisorEvent;
use protocol::call::{HangUp, Phase};
use protocol::twilio::forms::{DialForm, DialStatus, Form, VoiceForm};
use protocol::twilio::twiml::Twiml;

use super::connect::{apology, connect};
use super::lookup;
use super::state::TwilioState;

/// Answers `/twilio/voice/resume`: the media stream has ended, for whatever reason.
pub(super) async fn resume(state: &TwilioState, form: &Form) -> Twiml {
    let form = match VoiceForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "a resume webhook could not be read");
            return lookup::apology_of(state, form).await;
        }
    };
    let Some(handle) = state.calls.find(form.call_sid.clone()).await else {
        tracing::info!(call = %form.call_sid, "resume of a call that is over");
        return Twiml::hangup();
    };
    match handle.phase() {
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } => reconnect(state, &handle),
        Phase::HandingOver { .. } => transfer(&handle).await,
        Phase::HangingUp { how, .. } => hang_up(&handle, how).await,
        Phase::Over { .. } => Twiml::hangup(),
    }
}

/// Twilio is being told to dial the transfer target, and asks at the same moment what follows. Either
/// the stream was lost, or the voice webhook's first answer was.
pub(super) async fn transfer(handle: &CallHandle) -> Twiml {
    handle.gives_document().await;
    if handle.is_over_at_twilio() {
        return Twiml::hangup();
    }
    handle.parts().setup.transfer.clone().map_or_else(Twiml::hangup, Twiml::transfer)
}

/// The same, while Twilio is being told to end the call in this way.
pub(super) async fn hang_up(handle: &CallHandle, how: HangUp) -> Twiml {
    match how {
        HangUp::PutThrough { .. } => transfer(handle).await,
        HangUp::Apology if handle.gives_document().await => apology(&handle.parts().setup.settings),
        HangUp::Apology | HangUp::Rest | HangUp::Answered => Twiml::hangup(),
    }
}

/// Answers `/twilio/voice/transfer`: the transfer target has hung up, or has not answered.
pub(super) async fn on_transfer_ended(state: &TwilioState, form: &Form) -> Twiml {
    let form = match DialForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "the outcome of a transfer could not be read");
            if DialForm::tells_of_an_answer(form) {
                return Twiml::hangup();
            }
            return lookup::apology_of(state, form).await;
        }
    };
    let Some(handle) = state.calls.find(form.call_sid.clone()).await else {
        tracing::info!(call = %form.call_sid, "the transfer of a call that is over has ended");
        return Twiml::hangup();
    };
    let answered = form.was_answered();
    let status = form.status.map_or("unknown", DialStatus::as_str);
    tracing::info!(call = %form.call_sid, status, "transfer ended");
    match handle.phase() {
        Phase::HandingOver { .. } => {
            handle.gives_next_document();
            let told = handle.tell(SupervisorEvent::TransferEnded { answered });
            if answered || told.is_err() { Twiml::hangup() } else { reconnect(state, &handle) }
        }
        Phase::HangingUp { how: HangUp::PutThrough { .. }, .. } => {
            handle.gives_next_document();
            let told = handle.tell(SupervisorEvent::TransferEnded { answered });
            if let Err(error) = told {
                tracing::error!(%error, call = %form.call_sid, "the call was not told of its end");
            }
            if answered { Twiml::hangup() } else { apology(&handle.parts().setup.settings) }
        }
        // Twilio repeats the request when our first answer was lost.
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } if !answered => {
            reconnect(state, &handle)
        }
        Phase::HangingUp { how, .. } if !answered => hang_up(&handle, how).await,
        Phase::Open
        | Phase::Closing { .. }
        | Phase::Pausing { .. }
        | Phase::HangingUp { .. }
        | Phase::Over { .. } => Twiml::hangup(),
    }
}

/// Connects the call to a new stream; apologises if it has been resumed too often.
fn reconnect(state: &TwilioState, handle: &CallHandle) -> Twiml {
    let setup = &handle.parts().setup;
    if !handle.may_resume(state.services.clock.now()) {
        tracing::error!(call = %setup.call_sid, "a call was resumed too often");
        return apology(&setup.settings);
    }
    tracing::info!(call = %setup.call_sid, "call resumed");
    connect(state, handle, None).unwrap_or_else(|_| apology(&setup.settings))
}
