//! Responses: create, send step by step, cancel.

mod build;
mod emit;
mod fault;
mod json;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::running::Running;
use super::state::{Output, Phase, RealtimeSession};
use crate::openai::behaviour::ResponseFault;
use crate::openai::brain::language_of;
use crate::openai::timeline::{Ending, Step, Steps};
use crate::openai::wire::WireError;

impl RealtimeSession {
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
            let error = WireError::new("conversation_already_has_active_response", message);
            // The client was told of an error, and can't know of this one.
            let is_unexpected = matches!(active.fault, ResponseFault::ErrorFirst(_));
            return Err(if is_unexpected { error.planned() } else { error });
        }
        let (history, input) = self.context(&response, now)?;
        let fault = self.next_fault();
        if self.fails_at_once(&fault, now) {
            return Ok(());
        }
        let turn = self.think(&response, &history);
        let asked = self.asked(&response);
        let late = match fault {
            ResponseFault::CreatedLate(by) | ResponseFault::ErrorFirst(by) => by,
            ResponseFault::None
            | ResponseFault::Failed { .. }
            | ResponseFault::Incomplete { .. }
            | ResponseFault::Error { .. }
            | ResponseFault::TextOnly
            | ResponseFault::Empty
            | ResponseFault::NeverCreated
            | ResponseFault::DoneLate(_)
            | ResponseFault::StalledAfterCreated
            | ResponseFault::StalledAfter(_)
            | ResponseFault::Lost { .. } => Duration::ZERO,
        };
        let mut messages: Vec<String> = turn.say.into_iter().filter(|t| !t.is_empty()).collect();
        if let (false, Some(preamble)) = (messages.is_empty(), &self.behaviour.preamble) {
            messages.insert(0, preamble.clone());
        }
        for words in messages.iter().filter(|_| asked.audio) {
            let prepare = Output::Prepare { words: words.clone(), language: language_of(words) };
            self.outputs.push_back((now, prepare));
        }
        let calls = turn.calls.into_iter();
        let calls = calls.map(|(name, arguments)| (name, self.written(&arguments))).collect();
        let running = Running {
            id: self.ids.next("resp_"),
            begins: now + self.behaviour.created_after + late,
            in_conversation,
            asked,
            messages,
            calls,
            fault,
            is_cancelled: false,
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
            running.steps.is_some()
                && !running.is_cancelled
                && id.map_or(running.in_conversation, |id| id == running.id)
        });
        let Some(at) = at else {
            let message = "Cancellation failed: no active response found";
            return Err(WireError::new("response_cancel_not_active", message));
        };
        self.cancel(at, "client_cancelled", now);
        Ok(())
    }

    /// Cancels the active response because the caller speaks.
    pub(super) fn interrupt(&mut self, now: Duration) {
        let active = |running: &Running| {
            running.in_conversation && running.steps.is_some() && !running.is_cancelled
        };
        if let Some(at) = self.running.iter().position(active) {
            self.cancel(at, "turn_detected", now);
        }
    }

    /// Answers a committed turn without a request.
    pub(super) fn respond_unasked(&mut self, now: Duration) {
        if !self.running.iter().any(|running| running.in_conversation)
            && let Err(error) = self.create_response(Map::new(), now)
        {
            self.emit(now, error.event(None));
        }
    }

    /// Takes every step that is due, each at its own time.
    pub(super) fn advance_responses(&mut self, now: Duration) {
        while let Some((at, due)) = self.earliest().filter(|(_, due)| *due <= now)
            && self.phase != Phase::Over
        {
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

    /// Sends some late audio, closes what is open, and sends `response.done`.
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
                | Step::Lose(_)
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
        let done = Step::Done(Ending::Cancelled { reason });
        let mut steps = Steps::new();
        if let ResponseFault::DoneLate(by) = running.fault {
            running.is_cancelled = true;
            steps.push_back((now + by - running.begins, done));
        } else {
            last.push(done);
        }
        running.steps = Some(steps);
        for step in last {
            self.take_step(at, step, now);
        }
    }
}
