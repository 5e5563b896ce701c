//! What OpenAI Realtime says to the daemon. Tolerant: unknown types and fields are let through,
//! names of the API's beta are understood, and sound is borrowed from the frame, not copied.

mod envelope;
mod read;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use super::client_event::Metadata;
use super::fault::ErrorEvent;
use super::item::ConversationItem;
use super::response_done::ResponseDone;
use super::usage::TranscriptionUsage;
use crate::ids::{InvalidId, ItemId, ResponseId, ToolCallId};

/// The longest event that is read, in bytes. The longest ones wanted are deltas of sound (some
/// kilobytes) and a `session.updated` with a long prompt.
pub const MAX_EVENT_BYTES: usize = 1 << 20;

/// One event from the server. "Sound" is base64 in the session's output format.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerEvent<'a> {
    /// The socket is open; the session still runs on the server's defaults.
    SessionCreated {
        /// When the server will end it.
        expires_at: Option<Timestamp>,
    },
    /// Our `session.update` was applied.
    SessionUpdated {
        /// The whole session as it is now, for [`super::SessionSettings::verify`].
        session: Value,
        /// When the server will end it.
        expires_at: Option<Timestamp>,
    },
    /// Something went wrong.
    Error(ErrorEvent),
    /// The server's turn detection hears the caller begin.
    SpeechStarted {
        /// Milliseconds of sound sent in this session up to the onset, less the padding.
        audio_start_ms: u64,
        /// The item this turn will be.
        item_id: ItemId,
    },
    /// It hears the caller end.
    SpeechStopped {
        /// Milliseconds of sound sent in this session, the closing silence among them.
        audio_end_ms: u64,
        /// The item this turn will be.
        item_id: ItemId,
    },
    /// A turn of the caller is complete (PIPE-4).
    Committed {
        /// Its item.
        item_id: ItemId,
        /// The item before it: the order of turns.
        previous_item_id: Option<ItemId>,
    },
    /// An item has joined the conversation; it may still be empty.
    ItemAdded {
        /// The item.
        item: ConversationItem,
        /// The item before it.
        previous_item_id: Option<ItemId>,
    },
    /// An item is whole, or was cut off.
    ItemDone {
        /// The item.
        item: ConversationItem,
        /// The item before it.
        previous_item_id: Option<ItemId>,
    },
    /// Our delete was done.
    ItemDeleted {
        /// The item that is no more.
        item_id: ItemId,
    },
    /// Our truncate was done.
    ItemTruncated {
        /// The item that was cut.
        item_id: ItemId,
        /// Milliseconds of its sound that are left.
        audio_end_ms: u64,
    },
    /// A piece of the transcript of the caller's turn.
    TranscriptionDelta {
        /// The turn's item.
        item_id: ItemId,
        /// More words.
        delta: Cow<'a, str>,
    },
    /// The transcript of the caller's turn. Comes in any order and at any time after the commit.
    TranscriptionCompleted {
        /// The turn's item.
        item_id: ItemId,
        /// All its words; may be empty.
        transcript: Cow<'a, str>,
        /// What it is billed for.
        usage: Option<TranscriptionUsage>,
    },
    /// The caller's turn could not be written down. The conversation goes on.
    TranscriptionFailed {
        /// The turn's item.
        item_id: ItemId,
        /// Why.
        error: ErrorEvent,
    },
    /// A response is being made.
    ResponseCreated {
        /// Its id.
        response_id: ResponseId,
        /// What our request gave along.
        metadata: Metadata,
    },
    /// A response is over. May come without its `response.created`.
    ResponseDone(Box<ResponseDone>),
    /// A response has begun an item; there may be several.
    OutputItemAdded {
        /// The response.
        response_id: ResponseId,
        /// The item, still empty.
        item: ConversationItem,
    },
    /// A response has ended an item.
    OutputItemDone {
        /// The response.
        response_id: ResponseId,
        /// The item, without its sound.
        item: ConversationItem,
    },
    /// More sound of the agent. Comes much faster than it is heard.
    AudioDelta {
        /// The response.
        response_id: ResponseId,
        /// The item: sound is told apart by item, not by response.
        item_id: ItemId,
        /// Which part of the item.
        content_index: u64,
        /// The sound.
        delta: Cow<'a, str>,
    },
    /// No more sound of this item; that of the next may have begun before.
    AudioDone {
        /// The response.
        response_id: ResponseId,
        /// The item.
        item_id: ItemId,
    },
    /// More words of the agent, often ahead of their sound.
    AudioTranscriptDelta {
        /// The response.
        response_id: ResponseId,
        /// The item.
        item_id: ItemId,
        /// More words.
        delta: Cow<'a, str>,
    },
    /// All words of this item, heard or not.
    AudioTranscriptDone {
        /// The response.
        response_id: ResponseId,
        /// The item.
        item_id: ItemId,
        /// Its words.
        transcript: Cow<'a, str>,
    },
    /// A call's arguments are complete; they come for cancelled calls too. To run calls, see
    /// [`ResponseDone::runnable_calls`].
    FunctionCallArgumentsDone {
        /// The response.
        response_id: ResponseId,
        /// The item.
        item_id: ItemId,
        /// The call.
        call_id: ToolCallId,
        /// The function; older servers leave it out.
        name: Option<String>,
        /// Meant to be a JSON object; may be empty or broken.
        arguments: Cow<'a, str>,
    },
    /// What is left of the account's limits.
    RateLimits(Vec<RateLimit>),
    /// An event of the API that the daemon has no use for.
    Ignored,
    /// An event that the daemon doesn't know: to be counted.
    Unknown {
        /// Its type.
        event_type: Cow<'a, str>,
    },
}

/// One limit of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// What is limited: `tokens`, `requests`.
    pub name: String,
    /// How many there are.
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// Until all are there again.
    pub reset_after: Duration,
}

/// A frame that can't be read as an event. Its text never shows what was said in it.
#[derive(Debug, Error)]
pub enum MalformedEvent {
    /// Longer than [`MAX_EVENT_BYTES`]; not looked at.
    #[error("an event of {0} bytes is longer than {MAX_EVENT_BYTES}")]
    TooLong(usize),
    /// Not JSON, or not an object.
    #[error("not an event: {0}")]
    NotJson(#[from] serde_json::Error),
    /// No type.
    #[error("an event without a type")]
    NoType,
    /// A field is missing, or is not what it should be.
    #[error("{event} without a usable {field}")]
    Lacks {
        /// The event's type.
        event: String,
        /// The field.
        field: &'static str,
    },
    /// An identifier is none.
    #[error("{event}: {source}")]
    BadId {
        /// The event's type.
        event: String,
        /// What is wrong with it.
        source: InvalidId,
    },
}

impl<'a> ServerEvent<'a> {
    /// Reads one text frame.
    ///
    /// # Errors
    /// [`MalformedEvent`]: too long, not JSON, or an event of a known type that lacks what that
    /// type must have. An event of an unknown type is never malformed.
    pub fn parse(frame: &'a str) -> Result<Self, MalformedEvent> {
        if frame.len() > MAX_EVENT_BYTES {
            return Err(MalformedEvent::TooLong(frame.len()));
        }
        read::event(&serde_json::from_str(frame)?)
    }
}

#[cfg(test)]
mod tests;
