//! The planned faults of responses.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::openai::behaviour::{ArgumentsFault, LinkFault, ResponseFault, SERVER_ERROR};
use crate::openai::session::running::Running;
use crate::openai::session::state::RealtimeSession;
use crate::openai::timeline::{Ending, Speech, Step, Steps, steps_until};

impl RealtimeSession {
    /// The fault of the response that is asked for now.
    pub(super) fn next_fault(&mut self) -> ResponseFault {
        let asked = self.responses_asked.fetch_add(1, Ordering::Relaxed);
        let once = self.behaviour.responses_once.get(asked).cloned();
        let next = once.or_else(|| self.faults.pop_front());
        next.unwrap_or_else(|| self.behaviour.other_responses.clone())
    }

    /// Whether the fault leaves nothing of the response. Then it has been performed.
    pub(super) fn fails_at_once(&mut self, fault: &ResponseFault, now: Duration) -> bool {
        match fault {
            ResponseFault::Error { kind, code, message } => {
                self.emit_unnamed(kind, code.as_deref(), message, now);
                true
            }
            ResponseFault::ErrorFirst(_) => {
                self.emit_unnamed("server_error", None, SERVER_ERROR, now);
                false
            }
            ResponseFault::Lost { after: None, by } => {
                self.fail_link(*by, now);
                match by {
                    LinkFault::Closed(_) | LinkFault::Dropped | LinkFault::BlackHole => true,
                    LinkFault::Stalled(_) => false,
                }
            }
            ResponseFault::None
            | ResponseFault::Failed { .. }
            | ResponseFault::Incomplete { .. }
            | ResponseFault::TextOnly
            | ResponseFault::Empty
            | ResponseFault::NeverCreated
            | ResponseFault::CreatedLate(_)
            | ResponseFault::DoneLate(_)
            | ResponseFault::StalledAfterCreated
            | ResponseFault::StalledAfter(_)
            | ResponseFault::Lost { after: Some(_), .. } => false,
        }
    }

    /// An error that names no event of the client's.
    fn emit_unnamed(&mut self, kind: &str, code: Option<&str>, message: &str, now: Duration) {
        let error = json!({"type": kind, "code": code, "message": message, "param": null,
            "event_id": null});
        self.emit(now, json!({"type": "error", "error": error}));
    }

    /// A function call's arguments as they are on the wire.
    pub(super) fn written(&self, arguments: &Value) -> String {
        let mut arguments = arguments.to_string();
        match &self.behaviour.arguments {
            ArgumentsFault::None => {}
            ArgumentsFault::CutOff => {
                arguments.truncate(arguments.floor_char_boundary(arguments.len() / 2));
            }
            ArgumentsFault::DoubleEncoded => arguments = json!(arguments).to_string(),
            ArgumentsFault::FollowedBy(text) => arguments.push_str(text),
            ArgumentsFault::ReplacedBy(text) => arguments.clone_from(text),
        }
        arguments
    }
}

impl Running {
    /// The words without their audio, if the fault is that they come as text.
    pub(super) fn as_spoken(&self, speech: Speech) -> Speech {
        match self.fault {
            ResponseFault::TextOnly => Speech { ulaw: None, ..speech },
            ResponseFault::None
            | ResponseFault::Failed { .. }
            | ResponseFault::Incomplete { .. }
            | ResponseFault::Error { .. }
            | ResponseFault::ErrorFirst(_)
            | ResponseFault::Empty
            | ResponseFault::NeverCreated
            | ResponseFault::CreatedLate(_)
            | ResponseFault::DoneLate(_)
            | ResponseFault::StalledAfterCreated
            | ResponseFault::StalledAfter(_)
            | ResponseFault::Lost { .. } => speech,
        }
    }

    /// The length of audio after which the fault ends the response, and the reason.
    pub(super) fn limit(&self) -> Option<(Duration, String)> {
        if let ResponseFault::Incomplete { reason, after } = &self.fault {
            return Some((*after, reason.clone()));
        }
        // A token of audio lasts 50 ms.
        let tokens = self.asked.max_output_tokens.as_u64()?;
        Some((Duration::from_millis(tokens * 50), "max_output_tokens".to_owned()))
    }

    /// The steps with the fault. `nothing_after` is the time to the end of a response without output.
    pub(super) fn with_fault(&mut self, mut steps: Steps, nothing_after: Duration) -> Steps {
        let without_output = |ending| {
            Steps::from([(Duration::ZERO, Step::Created), (nothing_after, Step::Done(ending))])
        };
        match &self.fault {
            ResponseFault::Failed { kind, code, message } => {
                let (kind, code, message) = (kind.clone(), code.clone(), message.clone());
                return without_output(Ending::Failed { kind, code, message });
            }
            ResponseFault::Empty => return without_output(Ending::Completed),
            ResponseFault::Incomplete { reason, after } if after.is_zero() => {
                if reason == "max_output_tokens" {
                    // All of them were spent on reasoning.
                    self.usage.output.0 = self.asked.max_output_tokens.as_u64().unwrap_or(4096);
                }
                return without_output(Ending::Incomplete { reason: reason.clone() });
            }
            ResponseFault::NeverCreated => {
                steps.pop_front();
            }
            ResponseFault::DoneLate(by) => {
                if let Some((due, _)) = steps.back_mut() {
                    *due += *by;
                }
            }
            ResponseFault::StalledAfterCreated => steps.truncate(1),
            ResponseFault::StalledAfter(audio) => steps.truncate(steps_until(&steps, *audio)),
            ResponseFault::Lost { after: Some(audio), by } => {
                let at = steps_until(&steps, *audio);
                let due = steps[at - 1].0;
                steps.insert(at, (due, Step::Lose(*by)));
            }
            ResponseFault::None
            | ResponseFault::Incomplete { .. }
            | ResponseFault::Error { .. }
            | ResponseFault::ErrorFirst(_)
            | ResponseFault::TextOnly
            | ResponseFault::CreatedLate(_)
            | ResponseFault::Lost { after: None, .. } => {}
        }
        steps
    }
}
