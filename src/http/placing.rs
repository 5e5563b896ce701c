//! Calls that the business places (CALL-7): the operator's request, and what happens when a machine
//! answers. A person who answers is a call like any other: Twilio asks the voice webhook.

use actors::call::records::new_call;
use actors::messages::JournalEntry;
use actors::twilio_rest::PlacingFault;
use entities::businesses::{BusinessRecord, VoiceLookup, find_for_voice};
use entities::calls::{CallDirection, CallStatus, NewCall};
use entities::leads::{self, Caller};
use http::StatusCode;
use protocol::business::{BusinessSettings, Lines, MachineDetection};
use protocol::call::{CallSetup, EndReason, EndedBy, Ending};
use protocol::ids::{CallSid, LeadId, PhoneNumber};
use protocol::twilio::forms::AnsweredBy;
use protocol::twilio::rest::NewOutbound;
use protocol::twilio::twiml::{Say, Twiml, Verb};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::admin::AdminSide;
use super::api::{Refusal, business, settings};
use super::twilio::TwilioSide;

/// Who is to be called.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCall)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// For whom: the business's slug.
    business: String,
    /// The person's number, in E.164.
    #[schema(example = "+972501234567")]
    to: String,
}

/// A call that Twilio has.
#[derive(Serialize, ToSchema)]
pub(super) struct Placed {
    /// The call, as Twilio names it.
    #[schema(value_type = String)]
    call_sid: CallSid,
    /// How it stands.
    status: CallStatus,
}

/// Calls a person for a business; comes back once Twilio has the call.
pub(super) async fn place(side: &AdminSide, wanted: Wanted) -> Result<Placed, Refusal> {
    let to = PhoneNumber::parse(&wanted.to)
        .map_err(|_| bad_number("is no phone number: expected E.164, such as \"+972501234567\""))?;
    take_another(side).await?;
    let business = business(side, &wanted.business).await?;
    let settings = settings(&business)?;
    if settings.phone_numbers.contains(&to) {
        return Err(bad_number("is the business's own number"));
    }
    let (from, found) = number_of(side, &business, &settings, &to).await?;
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
    let status = CallStatus::Queued;
    let row = NewCall {
        call_sid: sid.clone(),
        direction: CallDirection::Outbound,
        status,
        from_number: Some(call.from),
        to_number: call.to,
        lead_id: found.lead.map(|lead| lead.id),
        prompt_version: found.prompt_version,
        started_at,
    };
    let _ = side.services.journal.send(JournalEntry::placed(found.business.id, row)).await;
    Ok(Placed { call_sid: sid, status })
}

/// Whether the daemon would take the call once it is answered: else the person would hear an apology.
async fn take_another(side: &AdminSide) -> Result<(), Refusal> {
    let (code, message) = if !side.readiness.is_ready() {
        ("draining", "the daemon is stopping and takes no new calls")
    } else if side.calls.list().await.len() >= side.max_calls {
        ("full", "there are as many calls as server.max_calls allows")
    } else {
        return Ok(());
    };
    Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code, message))
}

/// The number the business calls from, with what the call needs to know.
async fn number_of(
    side: &AdminSide,
    business: &BusinessRecord,
    settings: &BusinessSettings,
    to: &PhoneNumber,
) -> Result<(PhoneNumber, VoiceLookup), Refusal> {
    let (db, now) = (&side.services.database, side.services.clock.wall());
    let from = settings.phone_numbers.first().cloned();
    let found = match &from {
        Some(from) => find_for_voice(db, from, Some(to), now).await?,
        None => None,
    };
    let found = from.zip(found).filter(|(_, found)| found.business.id == business.id);
    found.ok_or_else(|| Refusal::internal(&format!("{} has no number", business.slug)))
}

fn bad_number(message: &str) -> Refusal {
    Refusal::bad("bad_number", message).about("to")
}

fn refusal(fault: &PlacingFault) -> Refusal {
    tracing::error!(%fault, "a call was not placed");
    let (code, advice) = match fault {
        PlacingFault::Refused(_) => ("twilio_refused", "nothing was placed"),
        PlacingFault::NotPlaced(_) => ("twilio_unreachable", "nothing was placed; try again later"),
        PlacingFault::Unknown(_) => {
            ("outcome_unknown", "look at Twilio's list of calls before you try again")
        }
    };
    Refusal::new(StatusCode::BAD_GATEWAY, code, format!("{fault}; {advice}"))
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
