//! What the daemon says to OpenAI Realtime. Audio is written by [`write_append`]; everything else is a
//! [`ClientEvent`]. Wire facts: "Client events" of the Realtime API reference.

use std::collections::BTreeMap;

use bytes::BytesMut;
use serde::Serialize;
use serde_json::{Value, json};

use super::item::{FunctionCall, Role};
use super::session::SessionSettings;
use crate::ids::{ItemId, ResponseId, ToolCallId};

/// `metadata` of a `response.create`. The server returns it in `response.created` and `response.done`,
/// which ties a response to its request. At most 16 pairs, keys up to 64 characters, values up to 512.
pub type Metadata = BTreeMap<String, String>;

/// One event from the daemon. Its `event_id` (up to 512 characters) comes back in an `error` about it,
/// as [`ErrorEvent::event_id`](super::ErrorEvent::event_id).
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "`event_id` is the same in all; other fields are named as on the wire"
)]
pub enum ClientEvent {
    /// `session.update`: sent once per session, before any audio (CALL-4).
    SessionUpdate { event_id: String, session: Box<SessionSettings> },
    /// `input_audio_buffer.commit`: what was appended becomes a turn, although turn detection has not
    /// ended it (PIPE-11).
    Commit { event_id: String },
    /// `input_audio_buffer.clear`: drops what was appended, and speech that turn detection has heard.
    Clear { event_id: String },
    /// `conversation.item.create`: adds to the conversation. It starts no response.
    ItemCreate {
        event_id: String,
        /// The item that this one follows. `None`: the last one.
        after: Option<ItemId>,
        item: NewItem,
    },
    /// `conversation.item.truncate`: the caller heard only the beginning of an item (BARGE-3).
    ItemTruncate {
        event_id: String,
        /// An assistant message with audio.
        item_id: ItemId,
        /// Milliseconds heard, from the start of the item's audio. From 1 to the length that came: the
        /// server refuses more.
        audio_end_ms: u64,
    },
    /// `conversation.item.delete`: the caller heard nothing of an item.
    ItemDelete { event_id: String, item_id: ItemId },
    /// `response.create`: written in one place only (PIPE-3).
    ResponseCreate { event_id: String, response: ResponseSettings },
    /// `response.cancel`: what was produced so far stays in the conversation.
    ResponseCancel { event_id: String, response_id: ResponseId },
}

/// `item` of a `conversation.item.create`. An id chosen by the daemon has at most 32 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewItem {
    /// A message as text: history, or a note to the model (role system).
    Text {
        /// `None`: the server chooses it.
        id: Option<ItemId>,
        /// `System` for notes to the model.
        role: Role,
        /// Sent as `output_text` for the assistant, else as `input_text`.
        text: String,
    },
    /// A turn of the caller as audio. (The API takes no assistant audio from a client.)
    UserAudio {
        /// `None`: the server chooses it.
        id: Option<ItemId>,
        /// Base64 in the session's input format.
        audio: String,
    },
    /// A function call from an earlier session of this phone call.
    FunctionCall(FunctionCall),
    /// What a tool returned. It answers a call of this session or a replayed one.
    FunctionCallOutput {
        /// The call, which must be in the conversation.
        call_id: ToolCallId,
        /// The text that the model reads, JSON for every tool here.
        output: String,
    },
}

/// `response` of a `response.create`. Model, voice and format can't be set here: they are the session's
/// (CALL-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseSettings {
    /// An answer to the conversation, with the session's settings.
    Conversation {
        /// Whether an answer was asked for before, and nothing was heard.
        insisting: Option<Insistence>,
        /// Returned by the server; may be empty.
        metadata: Metadata,
    },
    /// One given line: no context, no tools, no token limit (PROMPT-4).
    Scripted {
        /// From [`super::scripted`]; replaces the session's instructions.
        instructions: String,
        /// Returned by the server; may be empty.
        metadata: Metadata,
    },
}

/// How an answer is asked for again, after one that could not be heard (PIPE-9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insistence {
    /// From [`super::scripted::spoken`]; replaces the session's instructions.
    pub instructions: String,
    /// Without a limit of tokens, because they were all spent before the first word.
    pub unlimited: bool,
}

impl ClientEvent {
    /// The event as one text frame.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    fn to_value(&self) -> Value {
        match self {
            Self::SessionUpdate { event_id, session } => {
                json!({"type": "session.update", "event_id": event_id, "session": session.to_value()})
            }
            Self::Commit { event_id } => {
                json!({"type": "input_audio_buffer.commit", "event_id": event_id})
            }
            Self::Clear { event_id } => {
                json!({"type": "input_audio_buffer.clear", "event_id": event_id})
            }
            Self::ItemCreate { event_id, after, item } => {
                let mut event = json!({
                    "type": "conversation.item.create",
                    "event_id": event_id,
                    "item": item.to_value(),
                });
                if let Some(after) = after {
                    event["previous_item_id"] = json!(after);
                }
                event
            }
            Self::ItemTruncate { event_id, item_id, audio_end_ms } => json!({
                "type": "conversation.item.truncate",
                "event_id": event_id,
                "item_id": item_id,
                "content_index": 0,
                "audio_end_ms": audio_end_ms,
            }),
            Self::ItemDelete { event_id, item_id } => {
                json!({"type": "conversation.item.delete", "event_id": event_id, "item_id": item_id})
            }
            Self::ResponseCreate { event_id, response } => json!({
                "type": "response.create",
                "event_id": event_id,
                "response": response.to_value(),
            }),
            Self::ResponseCancel { event_id, response_id } => json!({
                "type": "response.cancel",
                "event_id": event_id,
                "response_id": response_id,
            }),
        }
    }
}

impl NewItem {
    fn to_value(&self) -> Value {
        match self {
            Self::Text { id, role, text } => {
                let kind = match role {
                    Role::System | Role::User => "input_text",
                    Role::Assistant => "output_text",
                };
                message(id.as_ref(), *role, json!({"type": kind, "text": text}))
            }
            Self::UserAudio { id, audio } => {
                let audio = json!({"type": "input_audio", "audio": audio});
                message(id.as_ref(), Role::User, audio)
            }
            Self::FunctionCall(FunctionCall { call_id, name, arguments }) => json!({
                "type": "function_call",
                "call_id": call_id,
                "name": name,
                "arguments": arguments,
            }),
            Self::FunctionCallOutput { call_id, output } => {
                json!({"type": "function_call_output", "call_id": call_id, "output": output})
            }
        }
    }
}

impl ResponseSettings {
    fn to_value(&self) -> Value {
        let (settings, metadata) = match self {
            Self::Conversation { insisting: None, metadata } => (json!({}), metadata),
            Self::Conversation { insisting: Some(insisting), metadata } => {
                let again = json!({"instructions": insisting.instructions});
                let limit = insisting.unlimited.then_some("inf");
                (with(again, "max_output_tokens", limit), metadata)
            }
            Self::Scripted { instructions, metadata } => {
                let line = json!({
                    "input": [],
                    "instructions": instructions,
                    "tool_choice": "none",
                    "max_output_tokens": "inf",
                });
                (line, metadata)
            }
        };
        with(settings, "metadata", (!metadata.is_empty()).then_some(metadata))
    }
}

/// Appends an `input_audio_buffer.append` event to `out`. `payload` is valid base64 as Twilio sent it,
/// and is copied as it is (PIPE-1).
pub fn write_append(out: &mut BytesMut, payload: &str) {
    const HEAD: &str = r#"{"type":"input_audio_buffer.append","audio":""#;
    const TAIL: &str = r#""}"#;
    debug_assert!(payload.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
    out.reserve(HEAD.len() + payload.len() + TAIL.len());
    for part in [HEAD, payload, TAIL] {
        out.extend_from_slice(part.as_bytes());
    }
}

fn message(id: Option<&ItemId>, role: Role, content: Value) -> Value {
    with(json!({"type": "message", "role": role.as_str(), "content": [content]}), "id", id)
}

/// `object` with `key` set, or left out without a value: the server refuses `null`.
fn with(mut object: Value, key: &str, value: Option<impl Serialize>) -> Value {
    if let Some(value) = value {
        object[key] = json!(value);
    }
    object
}

#[cfg(test)]
mod tests;
