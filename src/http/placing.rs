//! Calls that the business places (CALL-7): the operator's request, and what happens when a machine
//! answers. A person who answers is a call like any other: Twilio asks the voice webhook.

use actors::journal::{JournalEntry, new_call};
use actors::twilio_rest::PlacingFault;
use entities::businesses::{VoiceLookup, find_by_slug, find_for_voice};
use entities::calls::{CallDirection, CallStatus, NewCall};
use entities::leads::{self, Caller};
use http::StatusCode;
use protocol::business::{BusinessSettings, Lines, MachineDetection};
use protocol::call::{CallSetup, EndReason, EndedBy, Ending};
use protocol::ids::{CallSid, LeadId, PhoneNumber, Slug};
use protocol::twilio::forms::AnsweredBy;
use protocol::twilio::rest::NewOutbound;
use protocol::twilio::twiml::{Say, Twiml, Verb};
use serde::Deserialize;
use warp::reply::Response;

use super::admin::AdminSide;
use super::request::{error, field_error, json};
use super::twilio::TwilioSide;

/// The body of `POST /api/calls`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    business: String,
    to: String,
}

/// Answers `POST /api/calls`, once Twilio has the call.
pub(super) async fn place(side: &AdminSide, body: &[u8]) -> Response {
    match try_to_place(side, body).await {
        Ok(call) => {
            let body = serde_json::json!({ "call_sid": call, "status": "queued" });
            json(StatusCode::CREATED, &body)
        }
        Err(refusal) => refusal,
    }
}

async fn try_to_place(side: &AdminSide, body: &[u8]) -> Result<CallSid, Response> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(|wrong| {
        let message = format!("{wrong}; expected {{\"business\": slug, \"to\": \"+972…\"}}");
        error(StatusCode::BAD_REQUEST, "bad_body", &message)
    })?;
    let to = PhoneNumber::parse(&wanted.to).map_err(|_| {
        let message = "is no phone number: expected E.164, such as \"+972501234567\"";
        field_error(StatusCode::BAD_REQUEST, "bad_number", message, "to")
    })?;
    take_another(side).await?;
    let (settings, from, found) = business(side, &wanted.business, &to).await?;
    let call = NewOutbound {
        to,
        from,
        url: format!("{}/twilio/voice", side.public_url),
        status_callback: format!("{}/twilio/status", side.public_url),
        machine_detection: settings.outbound.machine_detection,
    };
    let started_at = side.services.clock.wall();
    let sid =
        side.services.twilio.place(&call, started_at).await.map_err(|fault| refusal(&fault))?;
    tracing::info!(call = %sid, to = call.to.masked(), "call placed");
    let row = NewCall {
        call_sid: sid.clone(),
        direction: CallDirection::Outbound,
        status: CallStatus::Queued,
        from_number: Some(call.from),
        to_number: call.to,
        lead_id: found.lead.map(|lead| lead.id),
        prompt_version: found.prompt_version,
        started_at,
    };
    let _ = side.services.journal.send(JournalEntry::placed(found.business.id, row)).await;
    Ok(sid)
}

/// Whether the daemon would take the call once it is answered: else the person would hear an apology.
async fn take_another(side: &AdminSide) -> Result<(), Response> {
    let (code, message) = if !side.readiness.is_ready() {
        ("draining", "the daemon is stopping and takes no new calls")
    } else if side.calls.list().await.len() >= side.max_calls {
        ("full", "there are as many calls as server.max_calls allows")
    } else {
        return Ok(());
    };
    Err(error(StatusCode::SERVICE_UNAVAILABLE, code, message))
}

async fn business(
    side: &AdminSide,
    slug: &str,
    to: &PhoneNumber,
) -> Result<(BusinessSettings, PhoneNumber, VoiceLookup), Response> {
    let unknown = || {
        let message = format!("there is no business {slug:?}; `frontdesk business list` shows all");
        field_error(StatusCode::NOT_FOUND, "no_such_business", &message, "business")
    };
    let broken = |cause: String| {
        tracing::error!(cause, business = slug, "the business could not be read");
        let message = "the business could not be read; the daemon's log says why";
        error(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    };
    let db = &side.services.database;
    let parsed = Slug::parse(slug).map_err(|_| unknown())?;
    let record = find_by_slug(db, &parsed).await.map_err(|error| broken(error.to_string()))?;
    let settings: BusinessSettings = serde_json::from_value(record.ok_or_else(unknown)?.settings)
        .map_err(|error| broken(error.to_string()))?;
    if settings.phone_numbers.contains(to) {
        let message = "is the business's own number";
        return Err(field_error(StatusCode::BAD_REQUEST, "bad_number", message, "to"));
    }
    let from = settings.phone_numbers.first().cloned().ok_or_else(unknown)?;
    let found = find_for_voice(db, &from, Some(to), side.services.clock.wall()).await;
    let found = found.map_err(|error| broken(error.to_string()))?.ok_or_else(unknown)?;
    Ok((settings, from, found))
}

fn refusal(fault: &PlacingFault) -> Response {
    tracing::error!(%fault, "a call was not placed");
    let (code, advice) = match fault {
        PlacingFault::Refused(_) => ("twilio_refused", "nothing was placed"),
        PlacingFault::NotPlaced(_) => ("twilio_unreachable", "nothing was placed; try again later"),
        PlacingFault::Unknown(_) => {
            ("outcome_unknown", "look at Twilio's list of calls before you try again")
        }
    };
    error(StatusCode::BAD_GATEWAY, code, &format!("{fault}; {advice}"))
}

/// The answer to a call that a machine has answered; there is nobody to talk with, so nothing of the
/// call is started. Its row and its lead stay.
pub(super) async fn answer_machine(
    side: &TwilioSide,
    setup: &CallSetup,
    machine: AnsweredBy,
) -> Twiml {
    tracing::info!(call = %setup.call_sid, by = %machine, "a machine answered");
    let (business, call) = (setup.business, &setup.call_sid);
    let now = side.services.clock.wall();
    let row = new_call(setup, CallStatus::InProgress, now);
    let ending = Ending { reason: EndReason::Machine, by: EndedBy::Daemon };
    for entry in [
        // There is one already, unless somebody else placed the call.
        JournalEntry::placed(business, row),
        JournalEntry::ended(business, call.clone(), ending, None, now),
    ] {
        let _ = side.services.journal.send(entry).await;
    }
    ensure_lead(side, setup);
    match message(&setup.settings, &setup.lines, machine) {
        Some(message) => Twiml::new(vec![Verb::Say(message), Verb::Hangup]),
        None => Twiml::hangup(),
    }
}

/// What is left on the machine, if it listens by now and the business leaves anything.
fn message(settings: &BusinessSettings, lines: &Lines, machine: AnsweredBy) -> Option<Say> {
    let listens = match machine {
        AnsweredBy::MachineEndBeep
        | AnsweredBy::MachineEndSilence
        | AnsweredBy::MachineEndOther => true,
        AnsweredBy::MachineStart | AnsweredBy::Fax | AnsweredBy::Human | AnsweredBy::Unknown => {
            false
        }
    };
    if !listens || settings.outbound.machine_detection != MachineDetection::LeaveMessage {
        return None;
    }
    let voice = settings.apology.voice(&settings.language)?;
    let text = lines.machine_message.clone();
    Some(Say { voice: voice.voice, language: voice.locale, text })
}

/// Every call leaves a lead (LEAD-1), but none waits for it.
fn ensure_lead(side: &TwilioSide, setup: &CallSetup) {
    let services = side.services.clone();
    let (business, call) = (setup.business, setup.call_sid.clone());
    let Some(person) = setup.person.number().cloned() else { return };
    side.tasks.spawn(async move {
        let (id, now) = (LeadId(services.clock.new_id()), services.clock.wall());
        let db = &services.database;
        let caller = Caller::Known(&person);
        match leads::ensure_for_call(db, business, caller, &call, id, now).await {
            Ok(ensured) => {
                let entry = JournalEntry::lead(business, call, ensured.record.id);
                let _ = services.journal.send(entry).await;
            }
            Err(error) => tracing::error!(%error, %call, "the lead of a call was not kept"),
        }
    });
}
