//! A call as it is shown: its row, what was counted, and its turns.

use entities::call_turns::{TurnRole, TurnRow};
use entities::calls::{CallDirection, CallRecord, CallStatus};
use jiff::Timestamp;
use protocol::ids::{CallSid, PhoneNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Call {
    /// The call, as Twilio names it.
    #[schema(value_type = String)]
    call_sid: CallSid,
    /// The person's lead, once it is known.
    lead_id: Option<Uuid>,
    /// Who called whom.
    direction: CallDirection,
    /// How Twilio last said it stands.
    status: CallStatus,
    /// The calling number; null where it was withheld.
    #[schema(value_type = Option<String>)]
    from_number: Option<PhoneNumber>,
    /// The called number.
    #[schema(value_type = String)]
    to_number: PhoneNumber,
    /// The version of the business's prompt that it ran with.
    prompt_version: i32,
    /// When its webhook came, or it was placed.
    started_at: Timestamp,
    /// When it was answered.
    answered_at: Option<Timestamp>,
    /// When it ended; null while it is live.
    ended_at: Option<Timestamp>,
    /// How long Twilio says it was, in whole seconds.
    duration_secs: Option<u64>,
    /// Why it ended.
    #[schema(example = "user_goodbye")]
    end_reason: Option<String>,
    /// What noticed or decided the end.
    #[schema(example = "agent")]
    ended_by: Option<String>,
    /// What was counted while it ran, once it is over.
    stats: Option<Stats>,
}

/// What was counted in a call.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct Stats {
    /// How long the daemon had it, in milliseconds.
    age_ms: u64,
    /// How long the caller waited for the greeting, in milliseconds.
    greeting_ms: Option<u64>,
    /// What the daemon added to that, in microseconds.
    greeting_added_us: Option<u64>,
    /// How often the caller interrupted the agent.
    barge_ins: u64,
    /// How long the last of these took to silence the agent, in microseconds.
    barge_in_us: Option<u64>,
    /// The model's responses.
    responses: u64,
    /// Those of them that were cut for their length.
    incomplete: u64,
    /// The caller's audio.
    frames: Frames,
    /// What the model read and wrote.
    tokens: Tokens,
    /// How much of the caller's speech was transcribed, in milliseconds.
    transcribed_ms: u64,
    /// What all that cost, in millionths of a US dollar; null where a model's prices are not known.
    cost_micro_usd: Option<u64>,
}

/// Frames of the caller's audio, of 20 ms each.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct Frames {
    /// Those the model was sent.
    sent: u64,
    /// Those that were dropped.
    blocked: u64,
    /// Those of silence, put into holes of the line.
    padded: u64,
}

/// Tokens.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct Tokens {
    text_in: u64,
    /// Those of `text_in` that were cached.
    text_cached: u64,
    audio_in: u64,
    /// Those of `audio_in` that were cached.
    audio_cached: u64,
    text_out: u64,
    audio_out: u64,
}

/// A call, with what was said in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallDetails {
    #[serde(flatten)]
    call: Call,
    /// Its turns, in order.
    turns: Vec<Turn>,
}

/// One turn of a call.
#[derive(Debug, Serialize, ToSchema)]
struct Turn {
    /// Its place in the call.
    seq: u32,
    /// Whose it is.
    role: TurnRole,
    /// What was said; null where the words are not known.
    text: Option<String>,
    /// How much of it was played to the caller, in milliseconds, for the agent's turns.
    heard_ms: Option<u32>,
    /// Whether it was cut short by the caller.
    cut: bool,
    /// When it began.
    at: Timestamp,
}

impl CallDetails {
    pub(super) fn of(call: CallRecord, turns: Vec<TurnRow>) -> Self {
        Self { call: call.into(), turns: turns.into_iter().map(Turn::from).collect() }
    }
}

impl From<CallRecord> for Call {
    fn from(record: CallRecord) -> Self {
        // What another version of the daemon has counted is shown as far as it is understood.
        let stats = record.stats.and_then(|stats| serde_json::from_value(stats).ok());
        Self {
            call_sid: record.call_sid,
            lead_id: record.lead_id.map(|lead| lead.0),
            direction: record.direction,
            status: record.status,
            from_number: record.from_number,
            to_number: record.to_number,
            prompt_version: record.prompt_version,
            started_at: record.started_at,
            answered_at: record.answered_at,
            ended_at: record.ended_at,
            duration_secs: record.duration.map(|duration| duration.as_secs()),
            end_reason: record.end_reason,
            ended_by: record.ended_by,
            stats,
        }
    }
}

impl From<TurnRow> for Turn {
    fn from(row: TurnRow) -> Self {
        let TurnRow { seq, role, item_id: _, text, heard_ms, cut, at } = row;
        Self { seq, role, text, heard_ms, cut, at }
    }
}
