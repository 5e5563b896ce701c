//! The tools the model may call, and who does the work of each.

mod batch;
mod calendar;
pub(crate) mod call_control;

use super::command::Command;
use super::conversation::Body;
use super::event::{FunctionCall, ToolOutcome};
use super::reason::EndedBy;
use super::speech::BeforeTools;
use super::{Call, Now};
use crate::ids::ResponseId;
use crate::tools::{Tool, arguments};
use batch::Batch;
pub(super) use batch::Tools;
use call_control::{Situation, Verdict};

/// The output of `call_control` if the caller interrupted the words that were to be the last.
const CALLER_SPOKE: &str =
    r#"{"ok":false,"error":"the caller interrupted you; answer them before you end the call"}"#;

/// The result of running a tool.
enum Handled {
    /// It has returned.
    Now { outcome: ToolOutcome, answer_follows: bool },
    /// Another actor works on it and will return its outcome as an event.
    Later { answer_follows: bool },
    /// It is judged when the other tools of its response are done.
    Last(FunctionCall),
}

impl Call {
    /// A running response has called a tool. If it calls for the end, it is not interrupted until
    /// that was judged.
    pub(super) fn on_call_made(&mut self, response: ResponseId, name: &str, arguments: &str) {
        if Tool::named(name) == Some(Tool::CallControl)
            && self.decider().asks_the_model()
            && arguments::read(arguments).is_ok_and(|read| call_control::wants_the_end(&read))
            && !self.speech.was_interrupted(&response)
        {
            self.farewell = Some(response);
        }
    }

    /// Runs the tool calls of a response that has completed. One answer to all their outputs
    /// follows, unless the response spoke and only reported (END-2).
    pub(super) fn on_calls(
        &mut self,
        response: &ResponseId,
        mut calls: Vec<FunctionCall>,
        before: BeforeTools,
        now: Now,
    ) {
        for made in &mut calls {
            if let Ok(read) = arguments::read(&made.arguments) {
                made.arguments = read;
            }
            let FunctionCall { call, name, arguments } = made.clone();
            self.add_entry(Body::ToolCall { call, name, arguments }, now);
        }
        let mut batch = Batch::new(response.clone(), before, now);
        batch.answer_follows = !self.speech.spoke(response);
        for call in calls {
            let id = call.call.clone();
            match self.run_tool(response, call, now) {
                Handled::Now { outcome, answer_follows } => {
                    self.add_output(id, outcome.output, now);
                    batch.answer_follows |= answer_follows;
                }
                Handled::Later { answer_follows } => {
                    batch.waiting.push(id);
                    batch.answer_follows |= answer_follows;
                }
                Handled::Last(control) => batch.controls.push(control),
            }
        }
        self.tools.batches.push(batch);
    }

    fn run_tool(&mut self, response: &ResponseId, call: FunctionCall, now: Now) -> Handled {
        let tool = Tool::named(&call.name);
        if let (Some(tool), Err(unreadable)) = (tool, arguments::read(&call.arguments)) {
            let output = unreadable.output(&tool.spec(&self.setup.settings).parameters);
            let outcome = ToolOutcome::new(output, false);
            return Handled::Now { outcome, answer_follows: true };
        }
        match tool {
            Some(Tool::CallControl) => Handled::Last(call),
            Some(Tool::UpdateLeadDetails) => {
                self.send(Command::UpdateLead(call));
                Handled::Later { answer_follows: false }
            }
            Some(Tool::TransferCall) => {
                let outcome = self.transfer_call(response, now);
                Handled::Now { answer_follows: !outcome.succeeded, outcome }
            }
            Some(offered @ Tool::Calendar(tool)) if offered.is_offered(&self.setup.settings) => {
                self.use_calendar(tool, call)
            }
            Some(Tool::Calendar(_)) | None => {
                Handled::Now { outcome: no_such_tool(&call.name), answer_follows: true }
            }
        }
    }

    /// Judges one call of `call_control`. Returns its output, and whether an answer follows.
    fn call_control(
        &mut self,
        response: &ResponseId,
        call: &FunctionCall,
        now: Now,
    ) -> (String, bool) {
        let missing = self.lead.missing(&self.setup.settings.ending.required_lead_fields);
        let situation = Situation {
            missing: &missing,
            model_decides: self.decider().asks_the_model(),
            silence_noticed: self.silence.was_noticed(),
            caller_awaits_an_answer: self.caller_awaits_an_answer(),
            declined_once: self.caller_has_declined_once(),
        };
        let mut verdict = call_control::judge(&call.arguments, &situation);
        if matches!(verdict, Verdict::End { .. }) && self.speech.was_interrupted(response) {
            verdict = Verdict::Refused { output: CALLER_SPOKE.to_owned() };
        }
        let (output, answer_follows, status) = match &verdict {
            Verdict::GoOn { output, status } | Verdict::End { output, status, .. } => {
                (output.clone(), false, *status)
            }
            Verdict::Refused { output } => (output.clone(), true, None),
        };
        if let Some(status) = status {
            self.send(Command::SetLeadStatus(status));
        }
        if let Verdict::End { reason, .. } = verdict {
            if self.speech.spoke(response) {
                self.close_with(response.clone(), reason, EndedBy::Agent, now);
            } else {
                self.close(reason, EndedBy::Agent, now);
            }
        }
        (output, answer_follows)
    }
}

fn no_such_tool(name: &str) -> ToolOutcome {
    let error = format!("there is no tool named {name:?}");
    let output = serde_json::json!({ "ok": false, "error": error }).to_string();
    ToolOutcome::new(output, false)
}
