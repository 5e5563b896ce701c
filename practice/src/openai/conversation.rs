//! The conversation: items in order.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::brain::Line;
use super::wire::WireError;

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) body: Body,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Message { role: String, parts: Vec<Part> },
    Call { name: String, call_id: String, arguments: String },
    Output { call_id: String, output: String },
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    InputText(String),
    /// `heard` is what the model understood. `transcript` is from the transcription or the client.
    InputAudio {
        audio: Vec<u8>,
        heard: String,
        transcript: Option<String>,
    },
    OutputText(String),
    /// The audio made so far. The transcript is gone once the audio is truncated.
    OutputAudio {
        audio: Vec<u8>,
        bytes_per_ms: u64,
        transcript: Option<String>,
        heard: String,
    },
}

#[derive(Debug, Default)]
pub(super) struct Conversation {
    items: Vec<Item>,
}

impl Item {
    /// The item as events show it, without audio.
    pub(super) fn to_json(&self) -> Value {
        self.json(false)
    }

    /// The item as `conversation.item.retrieved` shows it, with audio.
    pub(super) fn to_json_with_audio(&self) -> Value {
        self.json(true)
    }

    /// The item as the model sees it.
    pub(super) fn line(&self) -> Line {
        match &self.body {
            Body::Message { role, parts } => {
                let text: Vec<&str> = parts.iter().map(Part::text).collect();
                let text = text.join(" ");
                match role.as_str() {
                    "system" => Line::System(text),
                    "assistant" => Line::Assistant(text),
                    _ => Line::User(text),
                }
            }
            Body::Call { name, call_id, arguments } => Line::Call {
                name: name.clone(),
                call_id: call_id.clone(),
                arguments: arguments.clone(),
            },
            Body::Output { call_id, output } => {
                Line::Output { call_id: call_id.clone(), output: output.clone() }
            }
        }
    }

    /// The words of the item's input audio, if it has any.
    pub(super) fn heard(&self) -> Option<&str> {
        let Body::Message { parts, .. } = &self.body else { return None };
        parts.iter().find_map(|part| match part {
            Part::InputAudio { heard, .. } => Some(heard.as_str()),
            Part::InputText(_) | Part::OutputText(_) | Part::OutputAudio { .. } => None,
        })
    }

    /// Input tokens of the item: text, audio.
    pub(super) fn tokens(&self) -> (u64, u64) {
        let text_tokens = |text: &str| text.chars().count().div_ceil(4) as u64;
        match &self.body {
            Body::Message { parts, .. } => {
                parts.iter().fold((0, 0), |(text, audio), part| match part {
                    Part::InputText(words) | Part::OutputText(words) => {
                        (text + text_tokens(words), audio)
                    }
                    Part::InputAudio { audio: ulaw, .. } => (text, audio + ulaw.len() as u64 / 800),
                    Part::OutputAudio { audio: made, bytes_per_ms, .. } => {
                        (text, audio + made.len() as u64 / bytes_per_ms / 50)
                    }
                })
            }
            Body::Call { name, arguments, .. } => (text_tokens(name) + text_tokens(arguments), 0),
            Body::Output { output, .. } => (text_tokens(output), 0),
        }
    }

    fn json(&self, with_audio: bool) -> Value {
        let mut item = match &self.body {
            Body::Message { role, parts } => {
                let content: Vec<Value> = parts.iter().map(|part| part.json(with_audio)).collect();
                json!({"type": "message", "role": role, "content": content})
            }
            Body::Call { name, call_id, arguments } => json!({"type": "function_call",
                "name": name, "call_id": call_id, "arguments": arguments}),
            Body::Output { call_id, output } => json!({"type": "function_call_output",
                "call_id": call_id, "output": output}),
        };
        item["id"] = json!(self.id);
        item["object"] = json!("realtime.item");
        item["status"] = json!(self.status);
        item
    }
}

impl Part {
    fn text(&self) -> &str {
        match self {
            Self::InputText(text) | Self::OutputText(text) => text,
            Self::InputAudio { heard, .. } | Self::OutputAudio { heard, .. } => heard,
        }
    }

    fn json(&self, with_audio: bool) -> Value {
        let (mut part, audio) = match self {
            Self::InputText(text) => (json!({"type": "input_text", "text": text}), None),
            Self::OutputText(text) => (json!({"type": "output_text", "text": text}), None),
            Self::InputAudio { audio, transcript, .. } => {
                (json!({"type": "input_audio", "transcript": transcript}), Some(audio))
            }
            Self::OutputAudio { audio, transcript, .. } => {
                (json!({"type": "output_audio", "transcript": transcript}), Some(audio))
            }
        };
        if let (true, Some(audio)) = (with_audio, audio) {
            part["audio"] = json!(BASE64_STANDARD.encode(audio));
        }
        part
    }
}

impl Conversation {
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn get(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.id == id)
    }

    /// The id of the item before this one.
    pub(super) fn before(&self, id: &str) -> Option<&str> {
        let at = self.items.iter().position(|item| item.id == id)?;
        Some(self.items.get(at.checked_sub(1)?)?.id.as_str())
    }

    /// The id of the last item.
    pub(super) fn last(&self) -> Option<&str> {
        self.items.last().map(|item| item.id.as_str())
    }

    pub(super) fn has_call(&self, id: &str) -> bool {
        self.items.iter().any(|i| matches!(&i.body, Body::Call { call_id, .. } if call_id == id))
    }

    pub(super) fn has_assistant_audio(&self) -> bool {
        self.items.iter().any(|item| match &item.body {
            Body::Message { parts, .. } => {
                parts.iter().any(|part| matches!(part, Part::OutputAudio { .. }))
            }
            Body::Call { .. } | Body::Output { .. } => false,
        })
    }

    /// Appends an item of the server.
    pub(super) fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    /// Inserts a client's item after another. `None` is the end, `root` the start.
    ///
    /// # Errors
    /// The id is taken, the other item doesn't exist, or an output has no call.
    pub(super) fn insert(&mut self, item: Item, after: Option<&str>) -> Result<(), WireError> {
        if self.get(&item.id).is_some() {
            let message = format!("Item with item_id already exists: '{}'.", item.id);
            return Err(WireError::new("invalid_value", message).about("item.id"));
        }
        if let Body::Output { call_id, .. } = &item.body
            && !self.has_call(call_id)
        {
            let message = format!("Tool call ID '{call_id}' not found in conversation.");
            return Err(WireError::new("invalid_tool_call_id", message).about("item.call_id"));
        }
        let at = match after {
            None => self.items.len(),
            Some("root") => 0,
            Some(id) => match self.items.iter().position(|item| item.id == id) {
                Some(at) => at + 1,
                None => {
                    let message = format!("The item with id '{id}' does not exist.");
                    return Err(WireError::new("invalid_value", message).about("previous_item_id"));
                }
            },
        };
        self.items.insert(at, item);
        Ok(())
    }

    /// # Errors
    /// The item doesn't exist.
    pub(super) fn delete(&mut self, id: &str) -> Result<(), WireError> {
        match self.items.iter().position(|item| item.id == id) {
            Some(at) => {
                self.items.remove(at);
                Ok(())
            }
            None => Err(no_such_item("item_delete_invalid_item_id", "deleting", id)),
        }
    }

    /// Cuts an assistant item's audio and drops its transcript.
    ///
    /// # Errors
    /// The item doesn't exist, has no assistant audio, has less than `audio_end_ms` of it, or nothing
    /// would remain.
    pub(super) fn truncate(&mut self, id: &str, audio_end_ms: u64) -> Result<(), WireError> {
        let Some(item) = self.get_mut(id) else {
            return Err(no_such_item("item_truncate_invalid_item_id", "truncating", id));
        };
        let part = match &mut item.body {
            Body::Message { parts, .. } => parts.first_mut(),
            Body::Call { .. } | Body::Output { .. } => None,
        };
        let Some(Part::OutputAudio { audio, bytes_per_ms, transcript, heard }) = part else {
            return Err(not_model_audio());
        };
        let made_ms = audio.len() as u64 / *bytes_per_ms;
        if made_ms == 0 || audio_end_ms == 0 {
            return Err(not_model_audio());
        }
        if audio_end_ms > made_ms {
            let message =
                format!("Audio content of {made_ms}ms is already shorter than {audio_end_ms}ms");
            return Err(WireError::new("invalid_value", message).about("audio_end_ms"));
        }
        let share = heard.chars().count() as u64 * audio_end_ms / made_ms;
        *heard = heard.chars().take(share as usize).collect();
        *transcript = None;
        audio.truncate((audio_end_ms * *bytes_per_ms) as usize);
        Ok(())
    }
}

pub(super) fn no_such_item(code: &'static str, doing: &str, id: &str) -> WireError {
    let message = format!("Error {doing} item: the item with id '{id}' does not exist.");
    WireError::new(code, message).about("item_id")
}

fn not_model_audio() -> WireError {
    WireError::new("unsupported_content_type", "Only model output audio messages can be truncated")
}
