//! The voice webhook: one read of the database, the call's start, and the TwiML that connects its
//! stream (CALL-1, CALL-2).

use std::sync::Arc;

use actors::supervisor::CallRefused;
use entities::businesses::VoiceLookup;
use protocol::business::{BusinessSettings, OpeningLine, SettingsError};
use protocol::call::{CallSetup, LeadFacts};
use protocol::twilio::forms::{Form, VoiceForm};
use protocol::twilio::twiml::{Dial, Twiml};

use super::connect::{apology, connect};
use super::directory::Listed;
use super::state::TwilioState;
use super::{answering_machine, lookup};
use crate::prompt;

/// How long the transfer target's telephone rings (CALL-10).
const TRANSFER_RINGS_SECS: u16 = 20;

/// Answers `/twilio/voice`.
pub(super) async fn answer(state: &TwilioState, form: &Form) -> Twiml {
    let form = match VoiceForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "a voice webhook could not be read");
            return lookup::default_apology();
        }
    };
    let Some(number) = form.business_number() else {
        tracing::warn!(call = %form.call_sid, "a call without a number of a business");
        return Twiml::reject();
    };
    let lookup = match lookup::find(state, number, form.person().number()).await {
        Ok(Some(lookup)) => lookup,
        Ok(None) => {
            tracing::warn!(call = %form.call_sid, number = number.masked(), "unknown number");
            return Twiml::reject();
        }
        Err(error) => {
            tracing::error!(%error, "the business of a call could not be read");
            return lookup::apology_at(state, number);
        }
    };
    let setup = match call_setup(state, &form, &lookup) {
        Ok(setup) => setup,
        Err(error) => {
            tracing::error!(%error, business = %lookup.business.slug, "settings can't be read");
            return lookup::apology_at(state, number);
        }
    };
    let listed = Listed { id: setup.business, settings: Arc::clone(&setup.settings) };
    state.directory.learn(number, listed);
    match form.answered_by.filter(|answered| answered.is_machine()) {
        Some(machine) => answering_machine::answer(state, &setup, machine),
        None => start(state, setup).await,
    }
}

/// Starts the call and connects it.
async fn start(state: &TwilioState, setup: CallSetup) -> Twiml {
    let (call, settings) = (setup.call_sid.clone(), Arc::clone(&setup.settings));
    let recording_url = match setup.opening.clone() {
        OpeningLine::Played { audio_url, .. } => Some(audio_url),
        OpeningLine::Spoken { .. } | OpeningLine::Silent => None,
    };
    match state.calls.start(setup).await {
        Ok(handle) => connect(state, &handle, recording_url).unwrap_or_else(|error| {
            tracing::error!(%error, %call, "the TwiML for a call could not be made");
            apology(&settings)
        }),
        Err(
            error @ (CallRefused::Full
            | CallRefused::JournalFull
            | CallRefused::Draining
            | CallRefused::Failed),
        ) => {
            tracing::warn!(%error, %call, "a call was not taken");
            apology(&settings)
        }
    }
}

fn call_setup(
    state: &TwilioState,
    form: &VoiceForm,
    lookup: &VoiceLookup,
) -> Result<CallSetup, SettingsError> {
    let settings: BusinessSettings = BusinessSettings::from_json(lookup.business.settings.clone())?;
    let person = form.person().clone();
    let lead = lookup.lead.as_ref();
    let facts = lead.map(|lead| actors::lead::facts(lead, [])).unwrap_or_default();
    let now = state.services.clock.wall();
    let instructions = prompt::for_call(&settings, lookup, form.direction(), person.number(), now);
    let business_number = match form.business_number() {
        Some(number) => number.clone(),
        None => settings.phone_numbers[0].clone(),
    };
    Ok(CallSetup {
        transfer: transfer_target(state, form, &settings),
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
        upstream_patience: state.upstream_patience,
        stream_patience: state.patience.stream,
    })
}

/// Whom Twilio dials for a transfer; `None` if the business has nobody. The target sees the caller's
/// number, or the business's if the caller withheld theirs.
fn transfer_target(
    state: &TwilioState,
    form: &VoiceForm,
    settings: &BusinessSettings,
) -> Option<Dial> {
    let transfer = settings.transfer.as_ref()?;
    let withheld = form.person().number().is_none();
    Some(Dial {
        number: transfer.number.clone(),
        action: format!("{}/twilio/voice/transfer", state.public_url),
        timeout_secs: TRANSFER_RINGS_SECS,
        caller_id: form.business_number().filter(|_| withheld).cloned(),
    })
}
