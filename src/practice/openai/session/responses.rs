//! Responses: asked for, sent step by step, cancelled.

mod show;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Output, Session};
use crate::practice::openai::behaviour::ResponseFault;
use crate::practice::openai::brain::{Line, Prompt, Turn, language_of};
use crate::practice::openai::conversation::{Item, no_such_item};
use crate::practice::openai::plan::{Ending, Pace, Speech, Step, Steps, lay_out};
use crate::practice::openai::settings::Format;
use crate::practice::openai::wire::WireError;

/// A response that is not done.
#[derive(Debug)]
pub(super) struct Running {
    id: String,
    /// When `response.created` comes; until then it can't be cancelled.
    begins: Duration,
    /// Whether it writes to the conversation; else it runs beside it.
    in_conversation: bool,
    asked: Asked,
    messages: Vec<String>,
    calls: Vec<(String, String)>,
    fault: ResponseFault,
    /// None until it begins.
    steps: Option<Steps>,
    /// Its items by output index.
    made: Vec<Made>,
    usage: Usage,
}

/// What the client asked of a response.
#[derive(Debug, Clone)]
struct Asked {
    audio: bool,
    format: Format,
    voice: Value,
    max_output_tokens: Value,
    metadata: Value,
}

/// One output item of a response.
#[derive(Debug, Clone)]
struct Made {
    item_id: String,
    open: bool,
    is_call: bool,
    audio: bool,
}

/// Tokens, text and audio each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    input: (u64, u64),
    cached: (u64, u64),
    output: (u64, u64),
}

impl Session {
    pub(super) fn create_response(
        &mut self,
        response: Map<String, Value>,
        now: Duration,
    ) -> Result<(), WireError> {
        let in_conversation = response.get("conversation") != Some(&json!("none"));
        if let Some(active) = self.running.iter().find(|running| running.in_conversation)
            && in_conversation
        {
            let message = format!(
                "Conversation already has an active response in progress: {}. Wait until the \
                 response is finished before creating a new one.",
                active.id
            );
            return Err(WireError::new("conversation_already_has_active_response", message));
        }
        let (history, input) = self.context(&response, now)?;
        let fault = self.faults.pop_front().unwrap_or(ResponseFault::None);
        if let ResponseFault::Error { kind, code, message } = fault {
            let error = json!({"type": kind, "code": code, "message": message, "param": null,
                "event_id": null});
            self.emit(now, json!({"type": "error", "error": error}));
            return Ok(());
        }
        let turn = self.think(&response, &history);
        let asked = self.asked(&response);
        let late = if let ResponseFault::CreatedLate(by) = fault { by } else { Duration::ZERO };
        let mut messages: Vec<String> = turn.say.into_iter().filter(|t| !t.is_empty()).collect();
        if let (false, Some(preamble)) = (messages.is_empty(), &self.behaviour.preamble) {
            messages.insert(0, preamble.clone());
        }
        for words in messages.iter().filter(|_| asked.audio) {
            let prepare = Output::Prepare { words: words.clone(), language: language_of(words) };
            self.outputs.push_back((now, prepare));
        }
        let calls = turn.calls.iter().map(|(name, arguments)| {
            let mut arguments = arguments.to_string();
            if self.behaviour.breaks_arguments {
                arguments.truncate(arguments.floor_char_boundary(arguments.len() / 2));
            }
            (name.clone(), arguments)
        });
        let running = Running {
            id: self.ids.next("resp_"),
            begins: now + self.behaviour.created_after + late,
            in_conversation,
            asked,
            messages,
            calls: calls.collect(),
            fault,
            steps: None,
            made: Vec::new(),
            usage: input,
        };
        self.running.push(running);
        self.log.change(|record| record.responses += 1);
        Ok(())
    }

    pub(super) fn cancel_response(
        &mut self,
        id: Option<&str>,
        now: Duration,
    ) -> Result<(), WireError> {
        let at = self.running.iter().position(|running| {
            running.steps.is_some() && id.map_or(running.in_conversation, |id| id == running.id)
        });
        let Some(at) = at else {
            let message = "Cancellation failed: no active response found";
            return Err(WireError::new("response_cancel_not_active", message));
        };
        self.cancel(at, "client_cancelled", now);
        Ok(())
    }

    /// The caller speaks, and the session was told to interrupt then.
    pub(super) fn interrupt(&mut self, now: Duration) {
        let active = |running: &Running| running.in_conversation && running.steps.is_some();
        if let Some(at) = self.running.iter().position(active) {
            self.cancel(at, "turn_detected", now);
        }
    }

    /// A turn was committed, and the session was told to answer by itself.
    pub(super) fn respond_by_itself(&mut self, now: Duration) {
        if !self.running.iter().any(|running| running.in_conversation)
            && let Err(error) = self.create_response(Map::new(), now)
        {
            self.emit(now, error.event(None));
        }
    }

    /// Takes every step that is due, each at its own time.
    pub(super) fn advance_responses(&mut self, now: Duration) {
        while let Some((at, due)) = self.earliest().filter(|(_, due)| *due <= now) {
            let Some(running) = self.running.get_mut(at) else { return };
            match &mut running.steps {
                Some(steps) => {
                    if let Some((_, step)) = steps.pop_front() {
                        self.take_step(at, step, due);
                    }
                }
                None => self.lay_out(at),
            }
        }
    }

    pub(super) fn next_step(&self) -> Option<Duration> {
        self.earliest().map(|(_, due)| due)
    }

    fn earliest(&self) -> Option<(usize, Duration)> {
        let due = |running: &Running| match &running.steps {
            Some(steps) => steps.front().map(|(after, _)| running.begins + *after),
            None => Some(running.begins),
        };
        let all = self.running.iter().enumerate();
        all.filter_map(|(at, running)| Some((at, due(running)?))).min_by_key(|(_, due)| *due)
    }

    /// What the model takes as the conversation, and what that costs.
    fn context(
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
        // The cache works on whole blocks of 64 tokens, from the second response on.
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

    fn think(&self, response: &Map<String, Value>, history: &[Line]) -> Turn {
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
        turn
    }

    fn asked(&self, response: &Map<String, Value>) -> Asked {
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

    fn lay_out(&mut self, at: usize) {
        let running = &self.running[at];
        let speech = |words: &String| Speech {
            words: words.clone(),
            ulaw: running
                .asked
                .audio
                .then(|| self.voice.speak(words, language_of(words)).ulaw().clone()),
        };
        let speeches: Vec<Speech> = running.messages.iter().map(speech).collect();
        // A token of audio lasts 50 ms (reference: §4 (i)).
        let tokens = running.asked.max_output_tokens.as_u64();
        let limit = match &running.fault {
            ResponseFault::Incomplete { reason, after } => Some((*after, reason.clone())),
            ResponseFault::None
            | ResponseFault::Failed { .. }
            | ResponseFault::Error { .. }
            | ResponseFault::NeverCreated
            | ResponseFault::CreatedLate(_)
            | ResponseFault::StalledAfterCreated => {
                tokens.map(|n| (Duration::from_millis(n * 50), "max_output_tokens".to_owned()))
            }
        };
        let pace = Pace {
            first_audio_after: self.behaviour.first_audio_after,
            speed: self.behaviour.speed,
            limit,
        };
        let mut steps = match &running.fault {
            ResponseFault::Failed { kind, code } => {
                let failed = Ending::Failed { kind: kind.clone(), code: code.clone() };
                Steps::from([
                    (Duration::ZERO, Step::Created),
                    (pace.first_audio_after, Step::Done(failed)),
                ])
            }
            ResponseFault::StalledAfterCreated => Steps::from([(Duration::ZERO, Step::Created)]),
            ResponseFault::None
            | ResponseFault::Incomplete { .. }
            | ResponseFault::Error { .. }
            | ResponseFault::NeverCreated
            | ResponseFault::CreatedLate(_) => {
                lay_out(&speeches, &running.calls, &pace, &mut self.ids)
            }
        };
        if running.fault == ResponseFault::NeverCreated {
            steps.pop_front();
        }
        self.running[at].steps = Some(steps);
    }

    /// Some late audio, the ends of what is open, and `response.done`.
    fn cancel(&mut self, at: usize, reason: &'static str, now: Duration) {
        let running = &mut self.running[at];
        let steps = running.steps.take().unwrap_or_default();
        let open = running.made.iter().rposition(|made| made.open);
        let mut last = Vec::new();
        let mut late = self.behaviour.late_deltas;
        for (_, step) in steps {
            match step {
                Step::Audio { index, .. } if Some(index) == open && late > 0 => {
                    late -= 1;
                    last.push(step);
                }
                Step::AudioDone { index } if index < running.made.len() && Some(index) != open => {
                    last.push(step);
                }
                Step::Created
                | Step::OpenMessage { .. }
                | Step::Transcript { .. }
                | Step::Audio { .. }
                | Step::AudioDone { .. }
                | Step::CloseMessage { .. }
                | Step::OpenCall { .. }
                | Step::Arguments { .. }
                | Step::CloseCall { .. }
                | Step::Done(_) => {}
            }
        }
        if let Some(index) = open {
            let made = &running.made[index];
            last.push(if made.is_call {
                Step::CloseCall { index, complete: false }
            } else {
                Step::CloseMessage { index, complete: false }
            });
        }
        last.push(Step::Done(Ending::Cancelled { reason }));
        running.steps = Some(Steps::new());
        for step in last {
            self.take_step(at, step, now);
        }
    }
}

fn instructions(response: &Map<String, Value>) -> Option<&str> {
    response.get("instructions").and_then(Value::as_str)
}
