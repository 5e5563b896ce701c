//! What the daemon says to OpenAI Realtime. Sound goes up through [`write_append`] alone; all the
//! rest is a [`ClientEvent`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::item::{FunctionCall, Role};
use super::session::SessionSettings;
use crate::ids::{ItemId, ResponseId, ToolCallId};

/// Pairs that the server gives back in `response.created` and `response.done`: how a response is
/// tied to its request. At most 16, keys up to 64 characters, values up to 512.
pub type Metadata = BTreeMap<String, String>;

/// One event from the daemon. `event_id` (up to 512 characters) comes back only in an error about
/// this event.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// `session.update`: sent once per session, before any sound (CALL-4).
    SessionUpdate {
        /// Names this event in an error about it.
        event_id: String,
        /// What the session shall be.
        session: Box<SessionSettings>,
    },
    /// `conversation.item.create`; never starts a response by itself.
    ItemCreate {
        /// Names this event in an error about it.
        event_id: String,
        /// What is put into the conversation.
        item: NewItem,
        /// The item it follows; `None` is the end of the conversation.
        previous_item_id: Option<ItemId>,
    },
    /// `conversation.item.truncate`: the caller heard only so much of that item (BARGE-3).
    ItemTruncate {
        /// Names this event in an error about it.
        event_id: String,
        /// An item of the assistant that holds sound.
        item_id: ItemId,
        /// Milliseconds heard, from the start of this item's sound. At least 1 and never more than
        /// came: the server refuses a cut beyond the end.
        audio_end_ms: u64,
    },
    /// `conversation.item.delete`: nothing of that item was heard.
    ItemDelete {
        /// Names this event in an error about it.
        event_id: String,
        /// The item to take out of the conversation.
        item_id: ItemId,
    },
    /// `response.create`. Written by one place only (PIPE-3).
    ResponseCreate {
        /// Names this event in an error about it.
        event_id: String,
        /// What is asked for.
        response: ResponseSettings,
    },
    /// `response.cancel`.
    ResponseCancel {
        /// Names this event in an error about it.
        event_id: String,
        /// The response to stop; `None` is the active one of the conversation.
        response_id: Option<ResponseId>,
    },
}

/// Something put into the conversation by the daemon. Ids chosen here have at most 32 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewItem {
    /// A message in writing: history, or a note to the model (role system).
    Text {
        /// Its id, if the daemon chooses it.
        id: Option<ItemId>,
        /// Who said it.
        role: Role,
        /// The words.
        text: String,
    },
    /// Words of the caller as sound, in the session's input format. (Sound of the assistant can't
    /// be put in by a client.)
    UserAudio {
        /// Its id, if the daemon chooses it.
        id: Option<ItemId>,
        /// The sound, base64.
        audio: String,
        /// Kept with the item, not shown to the model.
        transcript: Option<String>,
    },
    /// A call the model made in an earlier session of this phone call.
    FunctionCall(FunctionCall),
    /// What came of a call of the model.
    FunctionCallOutput {
        /// The call it answers; it must be in the conversation.
        call_id: ToolCallId,
        /// The result, as the model shall read it.
        output: String,
    },
}

/// What a response is asked to be. Neither kind can name a model, a voice or a format: these are
/// the session's for the whole call (CALL-4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseSettings {
    /// An answer out of the conversation so far, as the session is set.
    Conversation {
        /// Given back by the server.
        metadata: Metadata,
    },
    /// One given line: no context, no tools, no limit of length (PROMPT-4).
    Scripted {
        /// From [`super::scripted`]; they stand in for the session's.
        instructions: String,
        /// Given back by the server.
        metadata: Metadata,
    },
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
            Self::ItemCreate { event_id, item, previous_item_id } => {
                let event = json!({
                    "type": "conversation.item.create",
                    "event_id": event_id,
                    "item": item.to_value(),
                });
                with(event, "previous_item_id", previous_item_id.as_ref())
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
            Self::ResponseCancel { event_id, response_id } => {
                let event = json!({"type": "response.cancel", "event_id": event_id});
                with(event, "response_id", response_id.as_ref())
            }
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
            Self::UserAudio { id, audio, transcript } => {
                let sound = json!({"type": "input_audio", "audio": audio});
                let sound = with(sound, "transcript", transcript.as_ref());
                message(id.as_ref(), Role::User, sound)
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
            Self::Conversation { metadata } => (json!({}), metadata),
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

/// Appends an `input_audio_buffer.append` event to `out`. `payload` is base64 as Twilio sent it,
/// already checked to be so, and goes through untouched (PIPE-1): no serialiser reads it again.
pub fn write_append(out: &mut String, payload: &str) {
    const HEAD: &str = r#"{"type":"input_audio_buffer.append","audio":""#;
    const TAIL: &str = r#""}"#;
    debug_assert!(payload.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
    out.reserve(HEAD.len() + payload.len() + TAIL.len());
    out.push_str(HEAD);
    out.push_str(payload);
    out.push_str(TAIL);
}

fn message(id: Option<&ItemId>, role: Role, content: Value) -> Value {
    with(json!({"type": "message", "role": role.as_str(), "content": [content]}), "id", id)
}

/// `object` with `key` set, unless there is no value: the server wants an absent field, not `null`.
fn with(mut object: Value, key: &str, value: Option<impl Serialize>) -> Value {
    if let Some(value) = value {
        object[key] = json!(value);
    }
    object
}

#[cfg(test)]
mod tests;
