//! A call: its row, its counters and its turns.

use entities::call_turns::{TurnMeasures, TurnRole, TurnRow};
use entities::calls::{CallDirection, CallRecord, CallStatus};
use jiff::Timestamp;
use protocol::ids::{CallSid, PhoneNumber, ToolCallId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Call {
    /// Its SID at Twilio.
    #[schema(value_type = String)]
    call_sid: CallSid,
    /// The person's lead; null until it is known.
    lead_id: Option<Uuid>,
    direction: CallDirection,
    /// The last status from Twilio.
    status: CallStatus,
    /// The calling number; null if withheld.
    #[schema(value_type = Option<String>)]
    from_number: Option<PhoneNumber>,
    /// The called number.
    #[schema(value_type = String)]
    to_number: PhoneNumber,
    /// The version of the business's prompt.
    prompt_version: i32,
    /// When its webhook came, or when it was placed.
    started_at: Timestamp,
    /// When it was answered; null before.
    answered_at: Option<Timestamp>,
    /// When it ended; null before.
    ended_at: Option<Timestamp>,
    /// Its duration by Twilio's count, in whole seconds.
    duration_secs: Option<u64>,
    /// Why it ended.
    #[schema(example = "user_goodbye")]
    end_reason: Option<String>,
    /// Who ended it.
    #[schema(example = "agent")]
    ended_by: Option<String>,
    /// Counters; null until the call is over.
    pub(crate) stats: Option<Stats>,
    /// Whether it is a test from a page of the console: nobody called.
    is_test: bool,
}

/// Counters of a call.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Stats {
    /// How long the daemon held the call, in milliseconds.
    age_ms: u64,
    /// How long the caller waited for the greeting, in milliseconds.
    pub(crate) greeting_ms: Option<u64>,
    /// The daemon's part of that wait, in microseconds.
    greeting_added_us: Option<u64>,
    /// How often the caller interrupted the agent.
    pub(crate) barge_ins: u64,
    /// The time from the last interruption to `clear`, in microseconds.
    barge_in_us: Option<u64>,
    /// Responses of the model.
    pub(crate) responses: u64,
    /// Responses that reached their length limit.
    incomplete: u64,
    /// The caller's audio.
    frames: Frames,
    /// Tokens of the model.
    pub(crate) tokens: Tokens,
    /// The model that transcribed the caller's turns; null if OpenAI accepted none.
    transcription_model: Option<String>,
    /// Transcribed speech of the caller, in milliseconds.
    pub(crate) transcribed_ms: u64,
    /// The cost in millionths of a US dollar; null if a model's prices are not known.
    pub(crate) cost_micro_usd: Option<u64>,
}

/// Frames of the caller's audio, of 20 ms each.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct Frames {
    /// Frames sent to the model.
    sent: u64,
    /// Frames dropped.
    blocked: u64,
    /// Frames of silence, put where the line lost frames.
    padded: u64,
}

/// Tokens of the model.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Tokens {
    pub(crate) text_in: u64,
    /// The cached part of `text_in`.
    pub(crate) text_cached: u64,
    pub(crate) audio_in: u64,
    /// The cached part of `audio_in`.
    pub(crate) audio_cached: u64,
    pub(crate) text_out: u64,
    pub(crate) audio_out: u64,
}

/// A call, with what was said in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallDetails {
    #[serde(flatten)]
    call: Call,
    /// Its turns, oldest first.
    turns: Vec<Turn>,
}

/// One turn of a call.
#[derive(Debug, Serialize, ToSchema)]
struct Turn {
    /// Its number in the call.
    seq: u32,
    /// Who said it.
    role: TurnRole,
    /// What was said; null if there is no transcript.
    text: Option<String>,
    /// For the agent's turns: how much of it the caller heard, in milliseconds.
    heard_ms: Option<u32>,
    /// Whether the caller interrupted it.
    cut: bool,
    /// When it began; of a caller's turn, when it was over.
    at: Timestamp,
    /// Of an answer: how many milliseconds the caller waited for it; null if that is not known.
    waited_ms: Option<u32>,
    /// Of speech: its whole length in milliseconds, however much of it was heard; null if that is not known.
    lasts_ms: Option<u32>,
    /// Of a tool call and of its output: the name that both have.
    #[schema(value_type = Option<String>)]
    tool_call: Option<ToolCallId>,
}

impl CallDetails {
    pub(crate) fn new(call: CallRecord, turns: Vec<TurnRow>) -> Self {
        Self { call: call.into(), turns: turns.into_iter().map(Turn::from).collect() }
    }
}

impl From<CallRecord> for Call {
    fn from(record: CallRecord) -> Self {
        // Another version of the daemon may have written other counters.
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
            is_test: record.is_test,
        }
    }
}

impl From<TurnRow> for Turn {
    fn from(row: TurnRow) -> Self {
        let TurnRow { seq, role, item_id: _, text, heard_ms, cut, at, measures } = row;
        let TurnMeasures { waited_ms, lasts_ms, tool_call } = measures;
        Self { seq, role, text, heard_ms, cut, at, waited_ms, lasts_ms, tool_call }
    }
}
