//! What OpenAI Realtime says to the daemon.
//!
//! A text frame is parsed once, by [`ServerFrame::parse`]. Audio deltas, which are nearly all of the
//! traffic, are borrowed from the frame. Every other event is an owned [`ServerEvent`] that can be sent
//! to another task. Unknown types and fields are tolerated; names of the API's beta are understood.

mod envelope;
mod read;

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use super::client_event::Metadata;
use super::fault::ErrorEvent;
use super::item::ConversationItem;
use super::response_done::ResponseDone;
use crate::ids::{InvalidId, ItemId, ResponseId};
use crate::json::Object;

/// The longest event that is parsed, in bytes. The longest ones needed are audio deltas (some
/// kilobytes) and a `session.updated` with a long prompt.
const MAX_EVENT_BYTES: usize = 1 << 20;

/// One text frame of the session's socket.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame<'a> {
    /// `response.output_audio.delta`.
    Audio(AudioDelta<'a>),
    /// Everything else.
    Event(ServerEvent),
}

/// A piece of the agent's audio. The server sends it much faster than it is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioDelta<'a> {
    /// The response that produced it.
    pub response_id: ResponseId,
    /// The item that it continues; a response can have several.
    pub item_id: ItemId,
    /// Base64 in the session's output format, borrowed from the frame unless it has JSON escapes.
    pub delta: Cow<'a, str>,
}

/// An event that is not audio. Wire facts: "Server events" of OpenAI's Realtime API reference.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerEvent {
    /// `session.created`: the socket is open, and the session has the server's defaults.
    SessionCreated,
    /// `session.updated`: our `session.update` was applied.
    SessionUpdated {
        /// The whole session in force, for [`super::SessionSettings::verify`].
        session: Value,
    },
    /// `error`: the session goes on unless a close follows.
    Error(ErrorEvent),
    /// `input_audio_buffer.speech_started`: turn detection hears the caller.
    SpeechStarted {
        /// Milliseconds of audio appended in this session up to the onset, less the padding.
        audio_start_ms: u64,
        /// The item that this turn will have.
        item_id: ItemId,
    },
    /// `input_audio_buffer.speech_stopped`: turn detection hears the caller no more.
    SpeechStopped {
        /// Milliseconds of audio appended in this session, the closing silence included.
        audio_end_ms: u64,
        /// The item that this turn will have.
        item_id: ItemId,
    },
    /// `input_audio_buffer.committed`: a turn of the caller is complete (PIPE-4).
    Committed {
        /// The turn's item.
        item_id: ItemId,
    },
    /// `conversation.item.input_audio_transcription.completed`: may come at any time after the commit,
    /// in any order.
    TranscriptionCompleted {
        /// The turn's item.
        item_id: ItemId,
        /// All words of the turn; may be empty.
        transcript: String,
        /// Length of the audio that is billed, if the server says so.
        billed: Option<Duration>,
    },
    /// `conversation.item.input_audio_transcription.failed`: the turn stays without words.
    TranscriptionFailed {
        /// The turn's item.
        item_id: ItemId,
        /// What OpenAI says of the failure.
        error: ErrorEvent,
    },
    /// `response.created`.
    ResponseCreated {
        /// Its id. All later events of the response name it.
        response_id: ResponseId,
        /// The metadata of our request; empty for a response that the daemon did not ask for.
        metadata: Metadata,
    },
    /// `response.done`: may come without its `response.created`.
    ResponseDone(Box<ResponseDone>),
    /// `response.output_item.added`: a response has begun an item.
    OutputItemAdded {
        /// The response that the item belongs to.
        response_id: ResponseId,
        /// Its id and kind; the content comes later.
        item: ConversationItem,
    },
    /// `response.output_audio.done`: the item has no more audio. The next item's audio may have begun
    /// before.
    AudioDone {
        /// The response that the item belongs to.
        response_id: ResponseId,
        /// The item whose audio is complete at the server.
        item_id: ItemId,
    },
    /// `response.output_audio_transcript.delta`: more words of the agent, often ahead of their audio.
    AudioTranscriptDelta {
        /// The speech item that is being written.
        item_id: ItemId,
        /// The words to append, with their spaces.
        delta: String,
    },
    /// `response.output_audio_transcript.done`: all words of an item, whether played or not.
    AudioTranscriptDone {
        /// The speech item.
        item_id: ItemId,
        /// All its words. They replace the deltas.
        transcript: String,
    },
    /// `response.function_call_arguments.done`: comes for cancelled calls too. The calls that may be
    /// run: [`ResponseDone::runnable_calls`].
    FunctionCallArgumentsDone {
        /// The response that made the call.
        response_id: ResponseId,
        /// The function's name; older servers leave it out.
        name: Option<String>,
        /// Meant to be a JSON object; may be empty or broken.
        arguments: String,
    },
    /// A known event that the daemon does not use.
    Ignored,
    /// An event that the daemon does not know; counted.
    Unknown {
        /// Its `type`.
        event_type: String,
    },
}

/// A frame that is not a readable event. Its text never shows what was said in it (OPS-6).
#[derive(Debug, Error)]
pub enum MalformedEvent {
    /// Longer than 1 MiB; not parsed.
    #[error("an event of {0} bytes is longer than {MAX_EVENT_BYTES}")]
    TooLong(usize),
    /// Not JSON, or not an object.
    #[error("not an event: {0}")]
    NotJson(#[from] serde_json::Error),
    /// No `type`, or one that is not a string.
    #[error("an event without a type")]
    NoType,
    /// A required field is missing or has the wrong type.
    #[error("{event} without a usable {field}")]
    Lacks {
        /// The event's `type`.
        event: String,
        /// The field's name.
        field: &'static str,
    },
    /// A required identifier has the wrong form.
    #[error("{event}: {source}")]
    BadId {
        /// The event's `type`.
        event: String,
        /// The text and what was expected.
        source: InvalidId,
    },
}

impl<'a> ServerFrame<'a> {
    /// Parses one text frame, in one pass over it.
    ///
    /// # Errors
    /// [`MalformedEvent`]: too long, not JSON, or an event of a known type without a field that the
    /// daemon needs. An event of an unknown type is never malformed.
    pub fn parse(frame: &'a str) -> Result<Self, MalformedEvent> {
        if frame.len() > MAX_EVENT_BYTES {
            return Err(MalformedEvent::TooLong(frame.len()));
        }
        let Object(envelope) = serde_json::from_str(frame)?;
        read::frame(envelope)
    }
}

#[cfg(test)]
mod tests;
