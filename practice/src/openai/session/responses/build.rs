//! Builds a response: the context, the model's turn and the timeline.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::openai::brain::{Line, Prompt, Turn, language_of};
use crate::openai::conversation::{Item, no_such_item};
use crate::openai::session::running::{Asked, Usage};
use crate::openai::session::state::RealtimeSession;
use crate::openai::settings::Format;
use crate::openai::timeline::{Pace, Speech, lay_out};
use crate::openai::wire::WireError;

impl RealtimeSession {
    /// The conversation as the model sees it, and its cost.
    pub(super) fn context(
        &mut self,
        response: &Map<String, Value>,
        now: Duration,
    ) -> Result<(Vec<Line>, Usage), WireError> {
        let own: Vec<Item>;
        let items: &[Item] = match response.get("input").and_then(Value::as_array) {
            None => self.conversation.items(),
            Some(input) => {
                own = self.given(input, now)?;
                &own
            }
        };
        let lines = items.iter().map(Item::line).collect();
        let (text, audio) = items
            .iter()
            .map(Item::tokens)
            .fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1));
        let instructions = instructions(response).unwrap_or_else(|| self.settings.instructions());
        let text = text + instructions.chars().count().div_ceil(4) as u64;
        // The cache holds whole blocks of 64 tokens, from the second response on.
        let block = |tokens: u64| if items.len() > 2 { tokens / 2 / 64 * 64 } else { 0 };
        let cached = (block(text), block(audio));
        Ok((lines, Usage { input: (text, audio), cached, output: (0, 0) }))
    }

    fn given(&mut self, input: &[Value], now: Duration) -> Result<Vec<Item>, WireError> {
        let mut items = Vec::with_capacity(input.len());
        for (n, item) in input.iter().enumerate() {
            if item["type"] == "item_reference" {
                let id = item["id"].as_str().unwrap_or_default();
                let Some(item) = self.conversation.get(id) else {
                    return Err(no_such_item("item_retrieve_invalid_item_id", "retrieving", id));
                };
                items.push(item.clone());
            } else {
                items.push(self.item_from(item, &format!("response.input[{n}]"), now)?);
            }
        }
        Ok(items)
    }

    pub(super) fn think(&self, response: &Map<String, Value>, history: &[Line]) -> Turn {
        let pick = |name: &str| response.get(name).unwrap_or_else(|| self.settings.get(name));
        let choice = pick("tool_choice");
        let all = pick("tools").as_array().map(Vec::as_slice).unwrap_or_default();
        let names = all.iter().filter_map(|tool| tool["name"].as_str()).map(str::to_owned);
        let tools: Vec<String> = match (choice.as_str(), choice["name"].as_str()) {
            (Some("none"), _) => Vec::new(),
            (_, Some(only)) => names.filter(|name| name == only).collect(),
            _ => names.collect(),
        };
        let instructions = instructions(response).unwrap_or_else(|| self.settings.instructions());
        let mut turn = self.brain.decide(&Prompt { instructions, tools: &tools, history });
        turn.calls.retain(|(name, _)| tools.contains(name));
        if let (Some("none"), Some(call)) = (choice.as_str(), &self.behaviour.calls_in_lines) {
            turn.calls.push((call.name.clone(), call.arguments.clone()));
        }
        turn
    }

    pub(super) fn asked(&self, response: &Map<String, Value>) -> Asked {
        let pick = |name: &str| response.get(name).unwrap_or_else(|| self.settings.get(name));
        let output = response.get("audio").map_or(&Value::Null, |audio| &audio["output"]);
        let (format, voice) = (output.get("format"), output.get("voice"));
        Asked {
            audio: pick("output_modalities") != &json!(["text"]),
            format: format.map_or_else(|| self.settings.output_format(), Format::of),
            voice: voice.unwrap_or_else(|| self.settings.voice()).clone(),
            max_output_tokens: pick("max_output_tokens").clone(),
            metadata: response.get("metadata").cloned().unwrap_or(Value::Null),
        }
    }

    pub(super) fn lay_out(&mut self, at: usize) {
        let running = &self.running[at];
        let speech = |words: &String| {
            let audio = || self.voice.speak(words, language_of(words)).ulaw().clone();
            let ulaw = running.asked.audio.then(audio);
            running.as_spoken(Speech { words: words.clone(), ulaw })
        };
        let speeches: Vec<Speech> = running.messages.iter().map(speech).collect();
        let pace = Pace {
            first_audio_after: self.behaviour.first_audio_after,
            speed: self.behaviour.speed,
            limit: running.limit(),
            transcript_ahead: self.behaviour.transcript_ahead,
            transcript_last: self.behaviour.reorders,
        };
        let steps = lay_out(&speeches, &running.calls, &pace, &mut self.ids);
        let running = &mut self.running[at];
        running.steps = Some(running.with_fault(steps, pace.first_audio_after));
    }
}

fn instructions(response: &Map<String, Value>) -> Option<&str> {
    response.get("instructions").and_then(Value::as_str)
}
