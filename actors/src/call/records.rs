//! The database rows of a call, made from `protocol::call` for the journal.

use std::time::Duration;

use entities::call_turns::{TurnMeasures, TurnRole, TurnRow};
use entities::calls::{CallDirection, CallStatus, EndOfCall, NewCall, Progress};
use jiff::Timestamp;
use protocol::call::{AgentSpeech, Body, Call, CallSetup, Entry, Measured, Record, Role};
use protocol::openai::usage::{cost_micro_usd, transcription_cost_micro_usd};
use protocol::twilio::forms::Direction;
use serde_json::json;

use crate::call_parts::CallParts;
use crate::messages::{EntryKind, JournalEntry};

/// `None`: a test call has no lead in the database.
#[must_use]
pub(crate) fn entry(parts: &CallParts, call: &Call, record: Record) -> Option<JournalEntry> {
    let kind = match record {
        Record::Started => {
            let (status, began) = (CallStatus::InProgress, call.began().wall);
            EntryKind::Started(Box::new(new_call(&parts.setup, status, began)))
        }
        Record::Answered(at) => {
            EntryKind::Progress(Progress { status: CallStatus::InProgress, answered_at: Some(at) })
        }
        Record::Turn(entry) => EntryKind::Turn(Box::new(turn(call, &entry))),
        Record::Lead(_) if parts.setup.is_test => return None,
        Record::Lead(lead) => EntryKind::Lead(lead),
        Record::Ended(ending) => EntryKind::Ended(Box::new(EndOfCall {
            ended_at: parts.clock.wall(),
            end_reason: ending.reason.as_str().to_owned(),
            ended_by: ending.by.as_str().to_owned(),
            status: call.status().map(row_status),
            duration: call.duration_secs().map(|secs| Duration::from_secs(secs.into())),
            stats: Some(stats(parts, call)),
        })),
    };
    let (business, call) = (parts.setup.business, parts.setup.call_sid.clone());
    Some(JournalEntry { business, call, kind, lease: parts.fence() })
}

/// The row that a call begins with. `status` is Twilio's at the webhook or at the placing.
#[must_use]
pub fn new_call(setup: &CallSetup, status: CallStatus, started_at: Timestamp) -> NewCall {
    let person = setup.person.number().cloned();
    let (direction, from_number, to_number) = match setup.direction {
        Direction::Inbound => (CallDirection::Inbound, person, setup.business_number.clone()),
        Direction::Outbound => (
            CallDirection::Outbound,
            Some(setup.business_number.clone()),
            // A person whom we call has a number.
            person.unwrap_or_else(|| setup.business_number.clone()),
        ),
    };
    NewCall {
        call_sid: setup.call_sid.clone(),
        direction,
        status,
        from_number,
        to_number,
        lead_id: setup.lead.id.filter(|_| !setup.is_test),
        prompt_version: setup.prompt_version,
        started_at,
        is_test: setup.is_test,
    }
}

/// The row of an entry of the call's conversation.
pub(crate) fn turn(call: &Call, entry: &Entry) -> TurnRow {
    let (cut, heard_ms) = match entry.body {
        Body::Agent { speech: AgentSpeech::Cut, .. } => (true, None),
        Body::Agent { speech: AgentSpeech::Interrupted { heard_ms }, .. } => (true, Some(heard_ms)),
        Body::Agent { speech: AgentSpeech::Coming | AgentSpeech::Whole, .. }
        | Body::Caller { .. }
        | Body::Digits(_)
        | Body::Recorded(_)
        | Body::System(_)
        | Body::ToolCall { .. }
        | Body::ToolOutput { .. } => (false, None),
    };
    TurnRow {
        seq: entry.number,
        role: match entry.role() {
            Role::Caller => TurnRole::Caller,
            Role::Agent => TurnRole::Agent,
            Role::System => TurnRole::System,
            Role::Tool => TurnRole::Tool,
        },
        item_id: entry.item().cloned(),
        text: entry.text(),
        heard_ms,
        cut,
        at: entry.at,
        measures: measures(call, entry),
    }
}

fn measures(call: &Call, entry: &Entry) -> TurnMeasures {
    let Measured { waited, lasts } = call.measured(entry);
    let millis = |duration: Duration| u32::try_from(duration.as_millis()).ok();
    TurnMeasures {
        waited_ms: waited.and_then(millis),
        lasts_ms: lasts.and_then(millis),
        tool_call: entry.tool_call().cloned(),
    }
}

/// Twilio's status, as the database stores it.
#[must_use]
pub fn row_status(status: protocol::twilio::forms::CallStatus) -> CallStatus {
    use protocol::twilio::forms::CallStatus as Reported;
    match status {
        Reported::Queued | Reported::Initiated => CallStatus::Queued,
        Reported::Ringing => CallStatus::Ringing,
        Reported::InProgress => CallStatus::InProgress,
        Reported::Completed => CallStatus::Completed,
        Reported::Busy => CallStatus::Busy,
        Reported::NoAnswer => CallStatus::NoAnswer,
        Reported::Failed => CallStatus::Failed,
        Reported::Canceled => CallStatus::Canceled,
    }
}

fn stats(parts: &CallParts, call: &Call) -> serde_json::Value {
    let (frames, usage) = (parts.uplink.counters(), call.usage());
    let agent = &parts.setup.settings.agent;
    let transcription_model = call.transcription_model();
    let transcription =
        transcription_cost_micro_usd(call.transcribed(), transcription_model.unwrap_or_default());
    let view = call.view(parts.time.now());
    json!({
        "age_ms": view.age_ms,
        "greeting_ms": view.latencies.greeting_ms,
        "greeting_added_us": view.latencies.greeting_added_us,
        "barge_ins": view.latencies.barge_ins,
        "barge_in_us": view.latencies.last_barge_in_us,
        "responses": view.responses,
        "incomplete": view.incomplete,
        "frames": { "sent": frames.sent, "blocked": frames.blocked, "padded": frames.padded },
        "tokens": {
            "text_in": usage.text_in, "text_cached": usage.text_cached,
            "audio_in": usage.audio_in, "audio_cached": usage.audio_cached,
            "text_out": usage.text_out, "audio_out": usage.audio_out,
        },
        "transcription_model": transcription_model,
        "transcribed_ms": call.transcribed().as_millis() as u64,
        "cost_micro_usd": cost_micro_usd(usage, &agent.model)
            .zip(transcription)
            .map(|(responses, transcription)| responses.saturating_add(transcription)),
    })
}
