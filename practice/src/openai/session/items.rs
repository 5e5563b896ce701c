//! The client's events about items: create, retrieve, delete, truncate.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::state::RealtimeSession;
use crate::openai::conversation::{Body, Item, Part, no_such_item};
use crate::openai::input_buffer::decode_all;
use crate::openai::record::Turn;
use crate::openai::wire::WireError;

impl RealtimeSession {
    pub(super) fn create_item(
        &mut self,
        item: &Value,
        after: Option<&str>,
        now: Duration,
    ) -> Result<(), WireError> {
        let item = self.item_from(item, "item", now)?;
        let id = item.id.clone();
        let heard = item.heard().map(|text| Turn {
            session: self.number,
            item_id: id.clone(),
            text: text.to_owned(),
        });
        let shown = item.to_json();
        self.conversation.insert(item, after)?;
        self.log.change(|record| record.heard_in_items.extend(heard));
        let previous = self.conversation.before(&id).map(str::to_owned);
        for kind in ["conversation.item.added", "conversation.item.done"] {
            self.emit(now, json!({"type": kind, "previous_item_id": previous, "item": shown}));
        }
        Ok(())
    }

    pub(super) fn retrieve_item(&mut self, id: &str, now: Duration) -> Result<(), WireError> {
        let Some(item) = self.conversation.get(id) else {
            return Err(no_such_item("item_retrieve_invalid_item_id", "retrieving", id));
        };
        let item = item.to_json_with_audio();
        self.emit(now, json!({"type": "conversation.item.retrieved", "item": item}));
        Ok(())
    }

    pub(super) fn delete_item(&mut self, id: &str, now: Duration) -> Result<(), WireError> {
        self.conversation.delete(id)?;
        self.emit(now, json!({"type": "conversation.item.deleted", "item_id": id}));
        Ok(())
    }

    pub(super) fn truncate_item(
        &mut self,
        id: &str,
        content_index: u64,
        audio_end_ms: u64,
        now: Duration,
    ) -> Result<(), WireError> {
        self.conversation.truncate(id, audio_end_ms)?;
        self.emit(
            now,
            json!({"type": "conversation.item.truncated", "item_id": id,
            "content_index": content_index, "audio_end_ms": audio_end_ms}),
        );
        Ok(())
    }

    /// Reads an item from a client's JSON, which the schema has accepted.
    pub(super) fn item_from(
        &mut self,
        item: &Value,
        path: &str,
        now: Duration,
    ) -> Result<Item, WireError> {
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let body = match item["type"].as_str() {
            Some("message") => {
                let role = text("role");
                let content = item["content"].as_array().map(Vec::as_slice).unwrap_or_default();
                let mut parts = Vec::with_capacity(content.len());
                for (n, part) in content.iter().enumerate() {
                    parts.push(self.part_from(
                        &role,
                        part,
                        &format!("{path}.content[{n}]"),
                        now,
                    )?);
                }
                Body::Message { role, parts }
            }
            Some("function_call") => {
                let call_id =
                    item["call_id"].as_str().map_or_else(|| self.ids.next("call_"), str::to_owned);
                Body::Call { name: text("name"), call_id, arguments: text("arguments") }
            }
            Some("function_call_output") => {
                Body::Output { call_id: text("call_id"), output: text("output") }
            }
            _ => {
                let message = "Item references are only allowed in 'response.input'.";
                return Err(WireError::new("invalid_value", message).about(format!("{path}.type")));
            }
        };
        let id = item["id"].as_str().map_or_else(|| self.ids.next("item_"), str::to_owned);
        Ok(Item { id, status: "completed", body })
    }

    /// Reads a part of a message. The allowed kinds depend on the role.
    fn part_from(
        &mut self,
        role: &str,
        part: &Value,
        path: &str,
        now: Duration,
    ) -> Result<Part, WireError> {
        let kind = part["type"].as_str().unwrap_or_default();
        let text = || part["text"].as_str().unwrap_or_default().to_owned();
        match (role, kind) {
            ("system" | "user", "input_text") => Ok(Part::InputText(text())),
            ("assistant", "output_text") => Ok(Part::OutputText(text())),
            ("user", "input_audio") => {
                let Ok(audio) = BASE64_STANDARD.decode(part["audio"].as_str().unwrap_or_default())
                else {
                    let message = format!("Invalid '{path}.audio'. Expected base64-encoded audio.");
                    return Err(
                        WireError::new("invalid_value", message).about(format!("{path}.audio"))
                    );
                };
                let segment = decode_all(&audio, self.settings.input_format());
                for fault in &segment.faults {
                    self.violation("broken_audio", &format!("{fault}: {}", segment.text), now);
                }
                let transcript = part["transcript"].as_str().map(str::to_owned);
                Ok(Part::InputAudio {
                    audio: segment.ulaw.to_vec(),
                    heard: segment.text,
                    transcript,
                })
            }
            _ => {
                let supported: &[&str] = match role {
                    "assistant" => &["output_text"],
                    "user" => &["input_text", "input_audio"],
                    _ => &["input_text"],
                };
                Err(WireError::wrong_value(&format!("{path}.type"), kind, supported))
            }
        }
    }
}
