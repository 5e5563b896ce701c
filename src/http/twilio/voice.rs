//! The voice webhook: one read of the database, the call's start, and the TwiML that connects its
//! stream (CALL-1, CALL-2).

use std::sync::Arc;

use actors::call::records::new_call;
use actors::call_supervisor::CallHandle;
use actors::messages::{JournalEntry, SupervisorEvent};
use actors::stored_call;
use actors::supervisor::CallRefused;
use entities::businesses::{CallKey, EndedCall, RunningCall, Standing, VoiceLookup};
use entities::calls::CallStatus;
use protocol::business::{BusinessSettings, OpeningLine, SettingsError};
use protocol::call::{AtTwilio, CallSetup, EndReason, LeadFacts, Phase};
use protocol::ids::PhoneNumber;
use protocol::twilio::forms::{Direction, Form, VoiceForm};
use protocol::twilio::twiml::{Dial, RejectReason, Twiml};

use super::connect::{apology, connect, connect_to};
use super::directory::Listed;
use super::ending::{hang_up, transfer};
use super::hop::Hop;
use super::refusal::{self, Refusal};
use super::span::name_business;
use super::state::TwilioState;
use super::takeover::{self, Elsewhere};
use super::unanswerable;
use super::{answering_machine, lookup};
use crate::config::PublicUrl;
use crate::prompt;

/// How long the transfer target's telephone rings (CALL-10).
const TRANSFER_RINGS_SECS: u16 = 20;

/// Answers `/twilio/voice`.
pub(super) async fn answer(state: &TwilioState, form: &Form, query: Option<&str>) -> Twiml {
    let form = match VoiceForm::read(form) {
        Ok(form) => form,
        Err(error) => {
            tracing::error!(%error, "a voice webhook could not be read");
            return lookup::apology_of(state, form).await;
        }
    };
    let (setup, lookup) = match read(state, &form).await {
        Ok(read) => read,
        Err(twiml) => return twiml,
    };
    if let Some(running) = lookup.running
        && let Some(connects) = elsewhere(state, &form, &setup, running).await
    {
        return connects;
    }
    if is_own_transfer(state, &form, &setup).await {
        tracing::info!(call = %form.call_sid, "a transfer has come back: rejected as busy");
        return Twiml::reject(RejectReason::Busy);
    }
    if lookup.has_snapshot
        && let Some(handle) = began_before(state, &setup).await
    {
        return go_on(state, &handle, &form).await;
    }
    if is_paused(state, &lookup, &setup).await {
        return paused(state, &form, &setup);
    }
    match form.answered_by.filter(|answered| answered.is_machine()) {
        Some(machine) => answering_machine::answer(state, &setup, machine),
        None => start(state, &form, (setup, lookup.running), Hop::of(query)).await,
    }
}

/// Answers the resume of a call whose process died before it had kept a snapshot: it begins anew, here.
pub(super) async fn begin_anew(state: &TwilioState, form: &VoiceForm) -> Twiml {
    match read(state, form).await {
        Ok((setup, lookup)) if is_paused(state, &lookup, &setup).await => {
            paused(state, form, &setup)
        }
        Ok((setup, lookup)) => start(state, form, (setup, lookup.running), Hop::LAST).await,
        Err(twiml) => twiml,
    }
}

/// Whether the business takes no new call. One that runs goes on.
async fn is_paused(state: &TwilioState, lookup: &VoiceLookup, setup: &CallSetup) -> bool {
    lookup.business.standing != Standing::Answering
        && lookup.running.is_none()
        && state.calls.find(setup.call_sid.clone()).await.is_none()
}

fn paused(state: &TwilioState, form: &VoiceForm, setup: &CallSetup) -> Twiml {
    tracing::info!(call = %form.call_sid, "a call to a paused business hears the apology");
    refusal::record(state, setup.business, form, Refusal::Paused);
    apology(&setup.settings)
}

/// What the call begins with, in one read of the database. `Err` is the answer if it does not begin.
async fn read(state: &TwilioState, form: &VoiceForm) -> Result<(CallSetup, VoiceLookup), Twiml> {
    let Some(number) = form.business_number() else {
        tracing::warn!(call = %form.call_sid, "a call without a number of a business");
        return Err(Twiml::reject(RejectReason::Rejected));
    };
    let key = CallKey {
        our_number: number,
        their_number: form.person().number(),
        call: Some(&form.call_sid),
    };
    let lookup = match lookup::find(state, key).await {
        Ok(Some(lookup)) => lookup,
        Ok(None) => {
            tracing::warn!(call = %form.call_sid, number = number.masked(), "unknown number");
            return Err(Twiml::reject(RejectReason::Rejected));
        }
        Err(error) => {
            tracing::error!(%error, "the business of a call could not be read");
            return Err(without_database(state, number, form).await);
        }
    };
    if state.directory.find(number).is_none() {
        name_business(&lookup.business.slug);
    }
    let setup = call_setup(state, form, &lookup).map_err(|error| {
        tracing::error!(%error, business = %lookup.business.slug, "settings can't be read");
        lookup::apology_at(state, number)
    })?;
    let listed = Listed { id: setup.business, settings: Arc::clone(&setup.settings) };
    state.directory.learn(number, listed);
    match &lookup.ended {
        Some(ended) => Err(once_more(state, &setup, ended)),
        None => Ok((setup, lookup)),
    }
}

/// Twilio repeats the webhook of a call that began in another process: it is not greeted twice (RES-4). A call
/// that can't go on begins anew.
async fn began_before(state: &TwilioState, setup: &CallSetup) -> Option<CallHandle> {
    let (services, calls) = (&state.services, &state.calls);
    let restored = stored_call::restore(services, calls, &setup.call_sid, AtTwilio::Begins).await;
    restored
        .inspect_err(|why| {
            tracing::warn!(call = %setup.call_sid, %why, "a call can't go on, and begins anew");
        })
        .ok()
}

/// Starts the call and connects it. A node that had it before is dead, or its stream has ended.
async fn start(
    state: &TwilioState,
    form: &VoiceForm,
    (setup, running): (CallSetup, Option<RunningCall>),
    hop: Hop,
) -> Twiml {
    let call = &form.call_sid;
    let now = state.services.clock.now();
    if let Err(cause) = state.services.provider.admit(call, &setup.settings, now)
        && state.calls.find(call.clone()).await.is_none()
    {
        return unanswerable::answer(state, &setup, cause);
    }
    let leased = match state.calls.may_run(call.clone()).await {
        Ok(()) => takeover::lease(state, &setup, running).await.map(Ok),
        Err(why) => Ok(Err(why)),
    };
    let started = match leased {
        Ok(Ok(lease)) => state.calls.start(setup.clone(), lease).await,
        Ok(Err(why)) => Err(why),
        Err(Elsewhere::Runs(running)) => {
            let connects = elsewhere(state, form, &setup, running).await;
            return connects.unwrap_or_else(|| apology(&setup.settings));
        }
        Err(Elsewhere::Over) => return over(state, &setup, true),
    };
    let why = match started {
        Ok(handle) => return go_on(state, &handle, form).await,
        Err(CallRefused::Over) => return over(state, &setup, false),
        Err(CallRefused::Full) => Refusal::Full,
        Err(CallRefused::JournalFull) => Refusal::JournalFull,
        Err(CallRefused::Draining) => Refusal::Draining,
        Err(CallRefused::Failed) => Refusal::Failed,
    };
    if let Some(elsewhere) = hop.next(state, why) {
        tracing::info!(?why, %call, "a call was not taken: another node is asked");
        return Twiml::redirect(elsewhere);
    }
    tracing::warn!(?why, %call, "a call was not taken");
    refusal::record(state, setup.business, form, why);
    apology(&setup.settings)
}

/// What a running call hears: it has just started, or Twilio asks again. Until a stream has opened the
/// recording is played, since no earlier answer may have arrived (CALL-12).
async fn go_on(state: &TwilioState, handle: &CallHandle, form: &VoiceForm) -> Twiml {
    match handle.phase() {
        Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. } => {}
        Phase::HandingOver { .. } => return transfer(handle).await,
        Phase::HangingUp { how, .. } => return hang_up(handle, how).await,
        Phase::Over { .. } => return Twiml::hangup(),
    }
    let recording = handle.parts().snapshot.borrow().call.recording_url().map(str::to_owned);
    let recording = recording.filter(|url| {
        let failed = form.failed_at(url);
        if failed && let Err(error) = handle.tell(SupervisorEvent::RecordingFailed) {
            tracing::error!(%error, call = %form.call_sid, "the call was not told to greet");
        }
        !failed
    });
    connect(state, handle, recording).unwrap_or_else(|error| {
        tracing::error!(%error, call = %form.call_sid, "the TwiML for a call could not be made");
        apology(&handle.parts().setup.settings)
    })
}

/// Twilio asks again after the call has ended for us. If it has not ended at Twilio, one that was apologised to, or put through, at the
/// door hears that again: the answer may not have arrived.
fn once_more(state: &TwilioState, setup: &CallSetup, ended: &EndedCall) -> Twiml {
    if ended.is_terminal {
        over(state, setup, ended.is_stored)
    } else if [EndReason::Refused, EndReason::Paused]
        .map(EndReason::as_str)
        .contains(&&*ended.reason)
    {
        apology(&setup.settings)
    } else if ended.reason == EndReason::UpstreamFailed.as_str() {
        unanswerable::twiml(state, setup)
    } else {
        over(state, setup, ended.is_stored)
    }
}

/// Another node has the call, and Twilio asks here: its first answer was lost. The stream connects to that node
/// (CALL-9). `None`: the call is to be answered here.
async fn elsewhere(
    state: &TwilioState,
    form: &VoiceForm,
    setup: &CallSetup,
    running: RunningCall,
) -> Option<Twiml> {
    let owner = state.services.node.url_of(running.lease.node)?;
    if state.calls.find(form.call_sid.clone()).await.is_some() {
        return None;
    }
    tracing::info!(call = %form.call_sid, owner, "the call connects to the node that has it");
    let recording = match &setup.opening {
        OpeningLine::Played { audio_url, .. } if !running.is_answered => Some(audio_url.clone()),
        OpeningLine::Played { .. } | OpeningLine::Spoken { .. } | OpeningLine::Silent => None,
    };
    let owner = PublicUrl::parse(&owner).ok()?;
    connect_to(state, &owner, setup, recording).ok()
}

/// The call has ended before (CALL-11). If it has no row yet, it gets one, and its lead.
fn over(state: &TwilioState, setup: &CallSetup, is_stored: bool) -> Twiml {
    tracing::info!(call = %setup.call_sid, "the webhook of a call that is over");
    if !is_stored {
        let (business, now) = (setup.business, state.services.clock.wall());
        let (call, person) = (setup.call_sid.clone(), setup.person.number().cloned());
        let journal = &state.services.journal;
        journal
            .record(JournalEntry::placed(business, new_call(setup, CallStatus::InProgress, now)));
        journal.record(JournalEntry::person(business, call, person, now));
    }
    Twiml::hangup()
}

/// The business can't be read. A call that runs goes on; any other hears the apology, and its record is
/// written when the database is back.
async fn without_database(state: &TwilioState, number: &PhoneNumber, form: &VoiceForm) -> Twiml {
    if let Some(handle) = state.calls.find(form.call_sid.clone()).await {
        return go_on(state, &handle, form).await;
    }
    if let Some(listed) = state.directory.find(number) {
        refusal::record(state, listed.id, form, Refusal::NoDatabase);
    }
    lookup::apology_at(state, number)
}

/// Whether a transfer that rings has caused this call (CALL-13). Most calls were not passed on, and ask
/// nobody.
async fn is_own_transfer(state: &TwilioState, form: &VoiceForm, setup: &CallSetup) -> bool {
    if form.direction() != Direction::Inbound || form.forwarded_by.is_empty() {
        return false;
    }
    let (from, now) = (form.person().number(), state.services.clock.now());
    if state.door_transfers.caused(setup.business, &form.forwarded_by, from, now) {
        return true;
    }
    let calls = state.calls.list().await;
    let mut ours = calls.iter().filter(|call| call.business() == setup.business);
    ours.any(|call| call.transfer_caused(&form.forwarded_by, from))
}

/// What the caller hears first. A recording that Twilio could not play is spoken (CALL-12).
fn opening(form: &VoiceForm, settings: &BusinessSettings) -> OpeningLine {
    match settings.opening() {
        OpeningLine::Played { audio_url, text } if form.failed_at(&audio_url) => {
            let file = audio_url.split(['?', '#']).next().unwrap_or_default();
            tracing::warn!(
                call = %form.call_sid,
                file,
                "Twilio could not play the recording of the greeting: the agent speaks it"
            );
            OpeningLine::Spoken { text }
        }
        opening @ (OpeningLine::Played { .. }
        | OpeningLine::Spoken { .. }
        | OpeningLine::Silent) => opening,
    }
}

fn call_setup(
    state: &TwilioState,
    form: &VoiceForm,
    lookup: &VoiceLookup,
) -> Result<CallSetup, SettingsError> {
    let settings = BusinessSettings::from_json(lookup.business.settings.clone())?;
    let person = form.person().clone();
    let lead = lookup.lead.as_ref();
    let facts = lead.map(|lead| actors::lead::facts(lead, [])).unwrap_or_default();
    let now = state.services.clock.wall();
    let instructions = prompt::for_call(&settings, lookup, form.direction(), person.number(), now);
    let business_number = match form.business_number() {
        Some(number) => number.clone(),
        None => settings.phone_numbers[0].clone(),
    };
    let settings = state.directory.share(&business_number, settings);
    Ok(CallSetup {
        transfer: transfer_target(state, form, &settings),
        call_sid: form.call_sid.clone(),
        business: lookup.business.id,
        lines: Arc::new(settings.lines()),
        opening: opening(form, &settings),
        settings,
        direction: form.direction(),
        person,
        business_number,
        prompt_version: lookup.prompt_version,
        instructions: instructions.into(),
        lead: LeadFacts { captured: Default::default(), ..facts },
        upstream_patience: state.live.upstream_patience(),
        stream_patience: state.patience.stream,
        session_ages: state.patience.sessions,
        is_test: false,
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
