//! The output of a session: events in order, each one round trip after its cause.

use std::time::Duration;

use serde_json::{Value, json};

use super::state::{Output, Phase, RealtimeSession};
use crate::openai::record::Violation;
use crate::openai::wire::WireError;
use crate::trace;

impl RealtimeSession {
    /// The next output that is due.
    pub(crate) fn poll_output(&mut self, now: Duration) -> Option<Output> {
        let at = self
            .outputs
            .iter()
            .position(|(due, output)| *due <= now || matches!(output, Output::Prepare { .. }))?;
        let (_, output) = self.outputs.remove(at)?;
        match &output {
            Output::Text(text) => self.trace(format_args!("sends {}", trace::Event(text))),
            Output::Ping | Output::Close(..) | Output::Lose(_) | Output::Prepare { .. } => {
                self.trace(format_args!("{output:?}"));
            }
        }
        Some(output)
    }

    fn trace(&self, what: std::fmt::Arguments<'_>) {
        trace::point("", "openai", self.number, what);
    }

    /// When [`Self::on_time`] or [`Self::poll_output`] is due next.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let output = self.outputs.iter().map(|(due, _)| *due).min();
        if self.phase == Phase::Over {
            return output;
        }
        let update = self.updates.front().map(|(due, _)| *due);
        let link = self.link_fails.map(|(due, _)| due);
        let due = [output, update, self.next_step(), self.transcripts.next_due(), link];
        due.into_iter().flatten().chain([self.next_ping, self.ends_at]).min()
    }

    /// Answers with an error, and records a violation.
    pub(super) fn reject(&mut self, error: &WireError, event_id: Option<&str>, now: Duration) {
        self.violation(error.code.unwrap_or(error.kind), &error.message, now);
        self.emit(now, error.event(event_id));
    }

    pub(super) fn violation(&self, code: &str, detail: &str, now: Duration) {
        let (code, detail) = (code.to_owned(), detail.to_owned());
        self.log.violated(Violation { session: self.number, at: now, code, detail });
    }

    /// Sends an error and a close frame.
    pub(super) fn refuse(&mut self, error: &WireError, code: u16, reason: &str, now: Duration) {
        if error.code != Some("session_expired") {
            self.violation(error.code.unwrap_or(error.kind), &error.message, now);
        }
        self.emit_at(now, error.event(None));
        self.outputs.push_back((self.last_due, Output::Close(code, reason.to_owned())));
        self.phase = Phase::Over;
    }

    /// Sends an event one round trip after `now`.
    pub(super) fn emit(&mut self, now: Duration, event: Value) {
        self.emit_at(now + self.behaviour.rtt, event);
    }

    pub(super) fn emit_at(&mut self, due: Duration, mut event: Value) {
        let due = due.max(self.last_due);
        self.last_due = due;
        event["event_id"] = json!(self.ids.next("event_"));
        self.outputs.push_back((due, Output::Text(event.to_string())));
        if self.behaviour.unknown_events {
            let unknown = json!({"type": "practice.unheard_of", "event_id": self.ids.next("event_"),
                "field": {"nested": [1, 2, 3]}});
            self.outputs.push_back((due, Output::Text(unknown.to_string())));
        }
    }
}
