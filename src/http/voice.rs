//! The voice webhook and its resume: the one read of the database, the call, and the TwiML that
//! connects its stream (CALL-1, CALL-2).

use std::sync::Arc;

use actors::call_supervisor::CallHandle;
use actors::messages::SupervisorEvent;
use actors::supervisor::CallRefused;
use entities::businesses::{VoiceLookup, find_for_voice};
use protocol::business::{BusinessSettings, Language, Lines, OpeningLine};
use protocol::call::{CallSetup, LeadFacts, Phase};
use protocol::prompt::{self, PromptParts, system_prompt};
use protocol::twilio::forms::{DialForm, Form, VoiceForm};
use protocol::twilio::twiml::{Apology, Dial, RETRY_OVERRIDES, Say, StreamNoun, Twiml, TwimlError};

use super::twilio::TwilioSide;

/// How long the person is rung (CALL-10).
const TRANSFER_RINGS_SECS: u16 = 20;

/// Answers `/twilio/voice`.
pub(super) async fn voice(side: &TwilioSide, form: &Form) -> Twiml {
    let form = match VoiceForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "a voice webhook could not be read");
            return default_apology();
        }
    };
    let Some(number) = form.business_number() else {
        tracing::warn!(call = %form.call_sid, "a call without a number of ours");
        return Twiml::reject();
    };
    let now = side.services.clock.wall();
    let found = find_for_voice(&side.services.database, number, form.person().number(), now).await;
    let lookup = match found {
        Ok(Some(lookup)) => lookup,
        Ok(None) => {
            tracing::warn!(call = %form.call_sid, number = number.masked(), "unknown number");
            return Twiml::reject();
        }
        Err(error) => {
            tracing::error!(%error, "the business of a call could not be read");
            return default_apology();
        }
    };
    let setup = match setup(side, &form, &lookup) {
        Ok(setup) => setup,
        Err(error) => {
            tracing::error!(%error, business = %lookup.business.slug, "settings that can't be read");
            return default_apology();
        }
    };
    if let Some(machine) = form.answered_by.filter(|answered| answered.is_machine()) {
        return super::placing::answer_machine(side, &setup, machine).await;
    }
    let (settings, opening) = (Arc::clone(&setup.settings), setup.opening.clone());
    let sorry = || apology(&settings);
    match side.calls.start(setup).await {
        Ok(handle) => {
            let played = match opening {
                OpeningLine::Played { audio_url, .. } => Some(audio_url),
                OpeningLine::Spoken { .. } | OpeningLine::Silent => None,
            };
            connect(side, &handle, played).unwrap_or_else(|error| {
                tracing::error!(%error, "the answer to a call could not be made");
                sorry()
            })
        }
        Err(error @ (CallRefused::Full | CallRefused::Draining | CallRefused::Failed)) => {
            tracing::warn!(%error, call = %form.call_sid, "a call was not taken");
            sorry()
        }
    }
}

/// Answers `/twilio/voice/resume`: the stream has ended in whatever way, and the call has come back.
pub(super) async fn resume(side: &TwilioSide, form: &Form) -> Twiml {
    let Ok(form) = VoiceForm::read(form) else { return Twiml::hangup() };
    let Some(handle) = side.calls.find(form.call_sid.clone()).await else {
        tracing::info!(call = %form.call_sid, "a call that is over came back");
        return Twiml::hangup();
    };
    match phase_of(&handle) {
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } => connect_again(side, &handle),
        // The stream was lost while Twilio was told to ring the person.
        Phase::HandingOver { .. } => {
            handle.parts().setup.transfer.clone().map_or_else(Twiml::hangup, Twiml::transfer)
        }
        Phase::HangingUp { .. } | Phase::Over { .. } => Twiml::hangup(),
    }
}

/// Answers `/twilio/voice/transfer`: the person has hung up, or nobody has answered (CALL-10).
pub(super) async fn transfer(side: &TwilioSide, form: &Form) -> Twiml {
    let form = match DialForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "the outcome of a transfer could not be read");
            return Twiml::hangup();
        }
    };
    let Some(handle) = side.calls.find(form.call_sid.clone()).await else {
        tracing::info!(call = %form.call_sid, "the transfer of a call that is over has ended");
        return Twiml::hangup();
    };
    let answered = form.status.was_answered();
    tracing::info!(call = %form.call_sid, status = %form.status, "transfer ended");
    match phase_of(&handle) {
        Phase::HandingOver { .. } => {
            let told = handle.tell(SupervisorEvent::TransferEnded { answered });
            if answered || told.is_err() { Twiml::hangup() } else { connect_again(side, &handle) }
        }
        // Twilio asks again: the first answer was lost.
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } if !answered => {
            connect_again(side, &handle)
        }
        Phase::Open
        | Phase::Closing { .. }
        | Phase::Pausing { .. }
        | Phase::HangingUp { .. }
        | Phase::Over { .. } => Twiml::hangup(),
    }
}

fn phase_of(handle: &CallHandle) -> Phase {
    handle.parts().snapshot.borrow().call.phase().clone()
}

/// Connects a call that has come back with its stream, unless it comes back all the time.
fn connect_again(side: &TwilioSide, handle: &CallHandle) -> Twiml {
    let setup = &handle.parts().setup;
    if !handle.may_resume(side.services.clock.now()) {
        tracing::error!(call = %setup.call_sid, "a call came back too often");
        return apology(&setup.settings);
    }
    tracing::info!(call = %setup.call_sid, "call resumed");
    connect(side, handle, None).unwrap_or_else(|_| apology(&setup.settings))
}

fn connect(
    side: &TwilioSide,
    handle: &CallHandle,
    played: Option<String>,
) -> Result<Twiml, TwimlError> {
    let setup = &handle.parts().setup;
    let now = side.services.clock.wall();
    let token = side.tokens.issue(&setup.call_sid, setup.business, setup.direction, now);
    let stream = StreamNoun::new(format!("{}/twilio/media", side.public_url.websocket_origin()))?
        .with_parameter("business_id", setup.business.to_string())?
        .with_parameter("direction", setup.direction.as_str())?
        .with_parameter("token", token)?
        .with_status_callback(format!("{}/twilio/stream-status", side.public_url));
    let resume = format!("{}/twilio/voice/resume{RETRY_OVERRIDES}", side.public_url);
    Ok(Twiml::connect_then_redirect(played, stream, resume))
}

fn setup(
    side: &TwilioSide,
    form: &VoiceForm,
    lookup: &VoiceLookup,
) -> Result<CallSetup, serde_json::Error> {
    let settings: BusinessSettings = serde_json::from_value(lookup.business.settings.clone())?;
    let person = form.person().clone();
    let lead = lookup.lead.as_ref();
    let facts = lead.map(|lead| actors::lead::facts(lead, [])).unwrap_or_default();
    let told = lead.map(prompt::LeadFacts::from).unwrap_or_default();
    let appointments: Vec<_> = lookup.appointments.iter().map(Into::into).collect();
    let instructions = system_prompt(&PromptParts {
        business: &settings,
        business_prompt: &lookup.prompt_text,
        direction: form.direction(),
        now: side.services.clock.wall(),
        caller: person.number().map(|number| number.as_str()),
        lead: &told,
        appointments: &appointments,
    });
    let business_number = match form.business_number() {
        Some(number) => number.clone(),
        None => settings.phone_numbers[0].clone(),
    };
    Ok(CallSetup {
        transfer: dial(side, form, &settings),
        call_sid: form.call_sid.clone(),
        business: lookup.business.id,
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        settings: Arc::new(settings),
        direction: form.direction(),
        person,
        business_number,
        prompt_version: lookup.prompt_version,
        instructions: instructions.into(),
        lead: LeadFacts { captured: Default::default(), ..facts },
        upstream_patience: side.upstream_patience,
        stream_patience: side.patience.stream,
    })
}

/// How Twilio puts the caller through. The person sees the caller's number, or the business's own if
/// the caller withheld theirs.
fn dial(side: &TwilioSide, form: &VoiceForm, settings: &BusinessSettings) -> Option<Dial> {
    let transfer = settings.transfer.as_ref()?;
    let withheld = form.person().number().is_none();
    Some(Dial {
        number: transfer.number.clone(),
        action: format!("{}/twilio/voice/transfer", side.public_url),
        timeout_secs: TRANSFER_RINGS_SECS,
        caller_id: form.business_number().filter(|_| withheld).cloned(),
        answer_on_bridge: true,
    })
}

fn apology(settings: &BusinessSettings) -> Twiml {
    actors::call_supervisor::apology(settings, &Lines::of(settings))
}

/// For a call whose business could not be found out.
fn default_apology() -> Twiml {
    let language = Language::HEBREW;
    let text = protocol::business::lines::HEBREW.apology.to_owned();
    protocol::business::Apology::default().voice(&language).map_or_else(Twiml::hangup, |voice| {
        Twiml::apology(Apology::Say(Say { voice: voice.voice, language: voice.locale, text }))
    })
}
