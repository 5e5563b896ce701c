//! Calls whose TwiML goes on: the media stream has ended, or a transfer has (CALL-1, CALL-10).

use actors::call_supervisor::CallHandle;
use actors::messages::SupervisorEvent;
use protocol::call::Phase;
use protocol::twilio::forms::{DialForm, Form, VoiceForm};
use protocol::twilio::twiml::Twiml;

use super::connect::{apology, connect};
use super::state::TwilioState;

/// Answers `/twilio/voice/resume`: the media stream has ended, for whatever reason.
pub(super) async fn resume(state: &TwilioState, form: &Form) -> Twiml {
    let Ok(form) = VoiceForm::read(form) else { return Twiml::hangup() };
    let Some(handle) = state.calls.find(form.call_sid.clone()).await else {
        tracing::info!(call = %form.call_sid, "resume of a call that is over");
        return Twiml::hangup();
    };
    match phase(&handle) {
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } => reconnect(state, &handle),
        // The stream was lost while Twilio was told to dial the transfer target.
        Phase::HandingOver { .. } => {
            handle.parts().setup.transfer.clone().map_or_else(Twiml::hangup, Twiml::transfer)
        }
        Phase::HangingUp { .. } | Phase::Over { .. } => Twiml::hangup(),
    }
}

/// Answers `/twilio/voice/transfer`: the transfer target has hung up, or has not answered.
pub(super) async fn on_transfer_ended(state: &TwilioState, form: &Form) -> Twiml {
    let form = match DialForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "the outcome of a transfer could not be read");
            return Twiml::hangup();
        }
    };
    let Some(handle) = state.calls.find(form.call_sid.clone()).await else {
        tracing::info!(call = %form.call_sid, "the transfer of a call that is over has ended");
        return Twiml::hangup();
    };
    let answered = form.status.was_answered();
    tracing::info!(call = %form.call_sid, status = %form.status, "transfer ended");
    match phase(&handle) {
        Phase::HandingOver { .. } => {
            let told = handle.tell(SupervisorEvent::TransferEnded { answered });
            if answered || told.is_err() { Twiml::hangup() } else { reconnect(state, &handle) }
        }
        // Twilio repeats the request when our first answer was lost.
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } if !answered => {
            reconnect(state, &handle)
        }
        Phase::Open
        | Phase::Closing { .. }
        | Phase::Pausing { .. }
        | Phase::HangingUp { .. }
        | Phase::Over { .. } => Twiml::hangup(),
    }
}

pub(super) fn phase(handle: &CallHandle) -> Phase {
    handle.parts().snapshot.borrow().call.phase().clone()
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
