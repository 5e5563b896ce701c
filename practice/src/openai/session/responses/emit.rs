//! The events of each step of a response, and its effect on the conversation.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::json::content_part;
use crate::openai::conversation::{Body, Conversation, Item, Part};
use crate::openai::input_buffer::from_ulaw;
use crate::openai::record::{Delta, Turn};
use crate::openai::session::running::Made;
use crate::openai::session::state::RealtimeSession;
use crate::openai::timeline::{Ending, Step};

impl RealtimeSession {
    /// Takes one step of the running response at index `at`.
    pub(super) fn take_step(&mut self, at: usize, step: Step, now: Duration) {
        match step {
            Step::Created => {
                let response = self.running[at].to_json("in_progress", Value::Null);
                self.emit(now, json!({"type": "response.created", "response": response}));
                if self.behaviour.reorders {
                    self.emit(now, rate_limits());
                }
            }
            Step::OpenMessage { audio } => self.open_message(at, audio, now),
            Step::Transcript { index, words } => self.say_words(at, index, &words, now),
            Step::Audio { index, ulaw } => self.say_audio(at, index, &ulaw, now),
            Step::AudioDone { index }
                if self.behaviour.reorders && self.running[at].made[index].open =>
            {
                self.running[at].made[index].owes_audio_done = true;
            }
            Step::AudioDone { index } => {
                let done = self.about(at, index, "response.output_audio.done");
                self.emit(now, done);
            }
            Step::CloseMessage { index, complete } => self.close_message(at, index, complete, now),
            Step::OpenCall { name, call_id } => {
                let body = Body::Call { name, call_id, arguments: String::new() };
                self.open_item(at, body, now);
            }
            Step::Arguments { index, part } => self.write_arguments(at, index, &part, now),
            Step::CloseCall { index, complete } => self.close_call(at, index, complete, now),
            Step::Lose(fault) => self.fail_link(fault, now),
            Step::Done(ending) => self.finish_response(at, &ending, now),
        }
    }

    fn open_message(&mut self, at: usize, audio: bool, now: Duration) {
        let body = Body::Message { role: "assistant".to_owned(), parts: Vec::new() };
        let index = self.open_item(at, body, now);
        let running = &mut self.running[at];
        running.made[index].audio = audio;
        let item_id = running.made[index].item_id.clone();
        let text = running.messages.get(index).cloned().unwrap_or_default();
        let bytes_per_ms = running.asked.format.bytes_per_ms();
        let part = if audio {
            Part::OutputAudio {
                audio: Vec::new(),
                bytes_per_ms,
                transcript: Some(String::new()),
                heard: String::new(),
            }
        } else {
            Part::OutputText(String::new())
        };
        if let Some(parts) = self.parts_of(at, index) {
            parts.push(part);
        }
        let said = Turn { session: self.number, item_id, text };
        self.log.change(|record| record.said.push(said));
        let mut added = self.about(at, index, "response.content_part.added");
        added["part"] = content_part(audio, "");
        self.emit(now, added);
    }

    /// Adds an item and announces it. Returns its output index.
    fn open_item(&mut self, at: usize, body: Body, now: Duration) -> usize {
        let item_id = self.ids.next("item_");
        let is_call = matches!(body, Body::Call { .. });
        let item = Item { id: item_id.clone(), status: "in_progress", body };
        let shown = item.to_json();
        let running = &mut self.running[at];
        let index = running.made.len();
        running.made.push(Made {
            item_id: item_id.clone(),
            open: true,
            is_call,
            audio: false,
            owes_audio_done: false,
        });
        let (response_id, in_conversation) = (running.id.clone(), running.in_conversation);
        self.items_of(at).push(item);
        let of_response = json!({"type": "response.output_item.added", "response_id": response_id,
            "output_index": index, "item": shown});
        let of_conversation = in_conversation.then(|| {
            let previous = self.conversation.before(&item_id);
            json!({"type": "conversation.item.added", "previous_item_id": previous, "item": shown})
        });
        self.emit_pair(Some(of_response), of_conversation, now);
        index
    }

    fn say_words(&mut self, at: usize, index: usize, words: &str, now: Duration) {
        match self.parts_of(at, index).and_then(|parts| parts.first_mut()) {
            Some(Part::OutputAudio { transcript, heard, .. }) => {
                heard.push_str(words);
                if let Some(transcript) = transcript {
                    transcript.push_str(words);
                }
            }
            Some(Part::OutputText(text)) => text.push_str(words),
            Some(Part::InputText(_) | Part::InputAudio { .. }) | None => {}
        }
        let running = &mut self.running[at];
        running.usage.output.0 += words.chars().count().div_ceil(4) as u64;
        let kind =
            if running.made[index].audio { "output_audio_transcript" } else { "output_text" };
        let mut delta = self.about(at, index, &format!("response.{kind}.delta"));
        delta["delta"] = json!(words);
        delta["obfuscation"] = self.obfuscation();
        self.emit(now, delta);
    }

    fn say_audio(&mut self, at: usize, index: usize, ulaw: &[u8], now: Duration) {
        let bytes = from_ulaw(ulaw, self.running[at].asked.format);
        if let Some(Part::OutputAudio { audio, .. }) =
            self.parts_of(at, index).and_then(|parts| parts.first_mut())
        {
            audio.extend_from_slice(&bytes);
        }
        self.running[at].usage.output.1 += ulaw.len() as u64;
        let mut delta = self.about(at, index, "response.output_audio.delta");
        delta["delta"] = json!(BASE64_STANDARD.encode(bytes));
        if self.log.keeps_audio() {
            let text = |name: &str| delta[name].as_str().unwrap_or_default().to_owned();
            let (item_id, audio) = (text("item_id"), text("delta"));
            let kept = Delta { session: self.number, item_id, audio };
            self.log.change(|record| record.deltas.push(kept));
        }
        self.emit(now, delta);
    }

    fn close_message(&mut self, at: usize, index: usize, complete: bool, now: Duration) {
        let made = &self.running[at].made[index];
        let audio = made.audio;
        let audio_done = (made.owes_audio_done || (audio && !complete))
            .then(|| self.about(at, index, "response.output_audio.done"));
        let words = match self.parts_of(at, index).and_then(|parts| parts.first()) {
            Some(Part::OutputAudio { heard: words, .. } | Part::OutputText(words)) => words.clone(),
            Some(Part::InputText(_) | Part::InputAudio { .. }) | None => String::new(),
        };
        let (kind, field) =
            if audio { ("output_audio_transcript", "transcript") } else { ("output_text", "text") };
        let mut done = self.about(at, index, &format!("response.{kind}.done"));
        done[field] = json!(words);
        self.emit_pair(audio_done, Some(done), now);
        let mut part = self.about(at, index, "response.content_part.done");
        part["part"] = content_part(audio, &words);
        self.emit(now, part);
        self.close_item(at, index, complete, now);
    }

    fn write_arguments(&mut self, at: usize, index: usize, part: &str, now: Duration) {
        if let Some(Body::Call { arguments, .. }) = self.body_of(at, index) {
            arguments.push_str(part);
        }
        self.running[at].usage.output.0 += part.chars().count().div_ceil(4) as u64;
        let mut delta = self.about_call(at, index, "response.function_call_arguments.delta");
        delta["delta"] = json!(part);
        delta["obfuscation"] = self.obfuscation();
        self.emit(now, delta);
    }

    fn close_call(&mut self, at: usize, index: usize, complete: bool, now: Duration) {
        let mut done = self.about_call(at, index, "response.function_call_arguments.done");
        if let Some(Body::Call { name, arguments, .. }) = self.body_of(at, index) {
            done["name"] = json!(name);
            done["arguments"] = json!(arguments);
        }
        self.emit(now, done);
        self.close_item(at, index, complete, now);
    }

    /// Sends `conversation.item.done` and `response.output_item.done`, unless the client has deleted the
    /// item.
    fn close_item(&mut self, at: usize, index: usize, complete: bool, now: Duration) {
        let made = &mut self.running[at].made[index];
        made.open = false;
        let item_id = made.item_id.clone();
        let Some(item) = self.items_of(at).get_mut(&item_id) else { return };
        item.status = if complete { "completed" } else { "incomplete" };
        let shown = item.to_json();
        let running = &self.running[at];
        let (response_id, in_conversation) = (running.id.clone(), running.in_conversation);
        let of_conversation = in_conversation.then(|| {
            let previous = self.conversation.before(&item_id);
            json!({"type": "conversation.item.done", "previous_item_id": previous, "item": shown})
        });
        let of_response = json!({"type": "response.output_item.done", "response_id": response_id,
            "output_index": index, "item": shown});
        self.emit_pair(of_conversation, Some(of_response), now);
    }

    /// Sends two events that the server usually sends in this order.
    fn emit_pair(&mut self, first: Option<Value>, second: Option<Value>, now: Duration) {
        let pair = if self.behaviour.reorders { [second, first] } else { [first, second] };
        for event in pair.into_iter().flatten() {
            self.emit(now, event);
        }
    }

    fn finish_response(&mut self, at: usize, ending: &Ending, now: Duration) {
        let (status, details) = match ending {
            Ending::Completed => ("completed", Value::Null),
            Ending::Cancelled { reason } => {
                ("cancelled", json!({"type": "cancelled", "reason": reason}))
            }
            Ending::Incomplete { reason } => {
                ("incomplete", json!({"type": "incomplete", "reason": reason}))
            }
            Ending::Failed { kind, code, message } => {
                let mut error = json!({"type": kind, "code": code});
                if let Some(message) = message {
                    error["message"] = json!(message);
                }
                ("failed", json!({"type": "failed", "error": error}))
            }
        };
        let ids: Vec<String> =
            self.running[at].made.iter().map(|made| made.item_id.clone()).collect();
        let output: Vec<Value> = {
            let items = self.items_of(at);
            ids.iter().filter_map(|id| items.get(id)).map(Item::to_json).collect()
        };
        let running = self.running.remove(at);
        let mut response = running.to_json(status, details);
        response["output"] = json!(output);
        if status != "failed" {
            response["usage"] = running.usage.to_json();
        }
        self.emit(now, json!({"type": "response.done", "response": response}));
        if !self.behaviour.reorders {
            self.emit(now, rate_limits());
        }
        self.log.change(|record| *record.done.entry(status.to_owned()).or_default() += 1);
        self.on_response_done(now);
    }

    /// An event with the ids of one item of a response.
    fn about(&self, at: usize, index: usize, kind: &str) -> Value {
        let running = &self.running[at];
        json!({"type": kind, "response_id": running.id, "item_id": running.made[index].item_id,
            "output_index": index, "content_index": 0})
    }

    fn about_call(&mut self, at: usize, index: usize, kind: &str) -> Value {
        let call_id = match self.body_of(at, index) {
            Some(Body::Call { call_id, .. }) => json!(call_id),
            Some(Body::Message { .. } | Body::Output { .. }) | None => Value::Null,
        };
        let running = &self.running[at];
        json!({"type": kind, "response_id": running.id, "item_id": running.made[index].item_id,
            "output_index": index, "call_id": call_id})
    }

    /// Where a response's items are stored. Outside the conversation they have their own place.
    fn items_of(&mut self, at: usize) -> &mut Conversation {
        if self.running[at].in_conversation { &mut self.conversation } else { &mut self.beside }
    }

    fn body_of(&mut self, at: usize, index: usize) -> Option<&mut Body> {
        let item_id = self.running[at].made[index].item_id.clone();
        self.items_of(at).get_mut(&item_id).map(|item| &mut item.body)
    }

    fn parts_of(&mut self, at: usize, index: usize) -> Option<&mut Vec<Part>> {
        match self.body_of(at, index) {
            Some(Body::Message { parts, .. }) => Some(parts),
            Some(Body::Call { .. } | Body::Output { .. }) | None => None,
        }
    }
}

fn rate_limits() -> Value {
    json!({"type": "rate_limits.updated", "rate_limits": [
        {"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]})
}
