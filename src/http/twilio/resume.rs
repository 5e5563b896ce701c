//! Calls whose TwiML goes on: the media stream has ended, or a transfer has (CALL-1, CALL-10).

use actors::call_supervisor::CallHandle;
use actors::messages::SupervisorEvent;
use actors::stored_call::{self, NotRestored};
use actors::supervisor::CallRefused;
use protocol::call::{AtTwilio, HangUp, Phase};
use protocol::ids::{CallSid, PhoneNumber};
use protocol::twilio::forms::{DialForm, DialStatus, Form, VoiceForm};
use protocol::twilio::twiml::Twiml;

use super::connect::{apology, connect};
use super::ending::{hang_up, transfer};
use super::state::TwilioState;
use super::{lookup, voice};

/// Answers `/twilio/voice/resume`: the media stream has ended, for whatever reason.
pub(super) async fn resume(state: &TwilioState, form: &Form) -> Twiml {
    let form = match VoiceForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "a resume webhook could not be read");
            return lookup::apology_of(state, form).await;
        }
    };
    let handle = match found(state, &form.call_sid).await {
        Ok(Found::Running(handle)) => handle,
        // The restoring has counted this resume.
        Ok(Found::Restored(handle)) => return go_on(state, &handle, reconnected).await,
        Err(NotRestored::NoSnapshot) => {
            tracing::warn!(call = %form.call_sid, "no snapshot of a call was kept: it begins anew");
            return voice::begin_anew(state, &form).await;
        }
        Err(why) => return not_restored(state, &form.call_sid, form.business_number(), why),
    };
    go_on(state, &handle, reconnect).await
}

/// What a call that runs hears next.
async fn go_on(
    state: &TwilioState,
    handle: &CallHandle,
    reconnect: impl Fn(&TwilioState, &CallHandle) -> Twiml,
) -> Twiml {
    match handle.phase() {
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } => reconnect(state, handle),
        Phase::HandingOver { .. } => transfer(handle).await,
        Phase::HangingUp { how, .. } => hang_up(handle, how).await,
        Phase::Over { .. } => Twiml::hangup(),
    }
}

enum Found {
    /// It ran here.
    Running(CallHandle),
    /// It has just gone on from its snapshot (RES-4).
    Restored(CallHandle),
}

async fn found(state: &TwilioState, call: &CallSid) -> Result<Found, NotRestored> {
    if let Some(handle) = state.calls.find(call.clone()).await {
        return Ok(Found::Running(handle));
    }
    let restored = restore(state, call).await;
    restored.map(Found::Restored)
}

async fn restore(state: &TwilioState, call: &CallSid) -> Result<CallHandle, NotRestored> {
    stored_call::restore(&state.services, &state.calls, call, AtTwilio::GoesOn).await
}

/// What a caller hears whose call can't go on: its business's apology, unless it is over.
pub(super) fn not_restored(
    state: &TwilioState,
    call: &CallSid,
    number: Option<&PhoneNumber>,
    why: NotRestored,
) -> Twiml {
    let at_number =
        || number.map_or_else(lookup::default_apology, |number| lookup::apology_at(state, number));
    let twiml = match &why {
        NotRestored::Unknown | NotRestored::Over | NotRestored::Refused(CallRefused::Over) => {
            tracing::info!(%call, %why, "a call that can't be resumed");
            return Twiml::hangup();
        }
        // A transfer's outcome comes for a call that had one: it is over for us.
        NotRestored::NoSnapshot => {
            tracing::error!(%call, %why, "a call can't be resumed");
            return Twiml::hangup();
        }
        NotRestored::TooOften(settings)
        | NotRestored::Unreadable { settings: Some(settings), .. } => apology(settings),
        NotRestored::Unreadable { settings: None, .. }
        | NotRestored::Refused(_)
        | NotRestored::TooSlow
        | NotRestored::Records(_) => at_number(),
    };
    tracing::error!(%call, %why, "a call can't be resumed");
    twiml
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
    let handle = match restore(state, &form.call_sid).await {
        Ok(handle) => handle,
        Err(why) => return not_restored(state, &form.call_sid, None, why),
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
    if !handle.may_resume(state.services.clock.wall()) {
        tracing::error!(call = %setup.call_sid, "a call was resumed too often");
        return apology(&setup.settings);
    }
    reconnected(state, handle)
}

fn reconnected(state: &TwilioState, handle: &CallHandle) -> Twiml {
    let setup = &handle.parts().setup;
    tracing::info!(call = %setup.call_sid, "call resumed");
    connect(state, handle, None).unwrap_or_else(|_| apology(&setup.settings))
}
