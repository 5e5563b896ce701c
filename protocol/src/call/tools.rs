//! The tools the model may call: who does their work, how long it may take, and when an answer
//! follows their output.

mod calendar;
mod call_control;

use std::time::{Duration, Instant};

use super::command::Command;
use super::conversation::Body;
use super::ending::Phase;
use super::event::{FunctionCall, ToolOutcome};
use super::reason::EndedBy;
use super::{Call, Now};
use crate::calendar::Tool;
use crate::ids::{ResponseId, ToolCallId};
use crate::response_gate::{Reply, Want};
use calendar::CalendarUse;
use call_control::{Situation, Verdict};

/// The tool by which the model reports, and asks for the end.
const CALL_CONTROL: &str = "call_control";

/// How long a tool may take before the model is told that it failed.
const TOOL_PATIENCE: Duration = Duration::from_secs(10);

/// Said to the model of a tool that took longer.
const TOOK_TOO_LONG: &str =
    r#"{"ok":false,"error":"this took too long and may not have worked; apologise and go on"}"#;

/// Said to the model when the caller talked over the words that were to be the last.
const CALLER_SPOKE: &str =
    r#"{"ok":false,"error":"the caller interrupted you; answer them before you end the call"}"#;

/// The tool calls of responses whose outputs are not all there yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Tools {
    batches: Vec<Batch>,
    /// Those among them that the calendar works on, or will when the lead is known.
    calendar: Vec<CalendarUse>,
}

#[derive(Debug, Clone)]
struct Batch {
    waiting: Vec<ToolCallId>,
    until: Instant,
    answer_follows: bool,
    /// Uses of `call_control` in the same response: judged when what the others do is known.
    controls: Controls,
}

#[derive(Debug, Clone)]
struct Controls {
    response: ResponseId,
    calls: Vec<FunctionCall>,
}

/// What becomes of one call of a tool.
enum Handled {
    /// Its output is there.
    Now { outcome: ToolOutcome, answer_follows: bool },
    /// Somebody works on it.
    Later { answer_follows: bool },
}

impl Tools {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.batches.iter().map(|batch| batch.until).min()
    }

    /// Whether the model has asked for the end, and is judged when its other tools are done.
    pub(super) fn end_is_asked_for(&self) -> bool {
        let mut controls = self.batches.iter().flat_map(|batch| &batch.controls.calls);
        controls.any(|call| call_control::wants_the_end(&call.arguments))
    }

    pub(super) fn running(&self) -> usize {
        self.batches.iter().map(|batch| batch.waiting.len()).sum()
    }
}

impl Call {
    /// Runs the tool calls of a response that completed. All outputs go in before one answer to them
    /// is asked for; a response that spoke and only reported is not followed by another (END-2).
    pub(super) fn on_calls(&mut self, response: &ResponseId, calls: Vec<FunctionCall>, now: Now) {
        if calls.is_empty() {
            return;
        }
        let mut batch = Batch {
            waiting: Vec::new(),
            until: now.at + TOOL_PATIENCE,
            answer_follows: !self.speech.spoke(response),
            controls: Controls { response: response.clone(), calls: Vec::new() },
        };
        for FunctionCall { call, name, arguments } in &calls {
            let (call, name, arguments) = (call.clone(), name.clone(), arguments.clone());
            self.add_entry(Body::ToolCall { call, name, arguments }, now);
        }
        let (controls, others) = calls.into_iter().partition(|call| call.name == CALL_CONTROL);
        batch.controls.calls = controls;
        let others: Vec<FunctionCall> = others;
        for call in others {
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
            }
        }
        self.judge_controls(&mut batch, now);
        self.look_whether_the_reply_is_over(now);
        self.settle(batch);
    }

    /// Judges what the model says of the end, once the other tools of its response are done: the last
    /// missing field may have come with it.
    fn judge_controls(&mut self, batch: &mut Batch, now: Now) {
        if !batch.waiting.is_empty() {
            return;
        }
        let response = batch.controls.response.clone();
        for call in std::mem::take(&mut batch.controls.calls) {
            let (output, answer_follows) = self.call_control(&response, &call, now);
            self.add_output(call.call, output, now);
            batch.answer_follows |= answer_follows;
        }
    }

    pub(super) fn on_tool_finished(&mut self, call: &ToolCallId, outcome: ToolOutcome, now: Now) {
        let found = self.tools.batches.iter().position(|batch| batch.waiting.contains(call));
        let Some(place) = found else { return };
        let mut batch = self.tools.batches.remove(place);
        batch.waiting.retain(|waiting| waiting != call);
        self.tools.calendar.retain(|used| used.call.call != *call);
        batch.answer_follows |= !outcome.succeeded;
        self.add_output(call.clone(), outcome.output, now);
        self.judge_controls(&mut batch, now);
        self.settle(batch);
    }

    pub(super) fn on_tools_overdue(&mut self, now: Now) {
        let late: Vec<ToolCallId> = (self.tools.batches.iter())
            .filter(|batch| batch.until <= now.at)
            .flat_map(|batch| batch.waiting.iter().cloned())
            .collect();
        for call in late {
            let outcome = self.calendar_overdue(&call).unwrap_or_else(|| ToolOutcome {
                output: TOOK_TOO_LONG.to_owned(),
                succeeded: false,
            });
            self.on_tool_finished(&call, outcome, now);
        }
    }

    fn run_tool(&mut self, response: &ResponseId, call: FunctionCall, now: Now) -> Handled {
        match call.name.as_str() {
            "update_lead_details" => {
                self.send(Command::UpdateLead(call));
                Handled::Later { answer_follows: false }
            }
            "transfer_call" => {
                let outcome = self.transfer_call(response, now);
                Handled::Now { answer_follows: !outcome.succeeded, outcome }
            }
            name if let Some(tool) = self.calendar_tool(name) => self.use_calendar(tool, call),
            name => Handled::Now {
                outcome: ToolOutcome {
                    output: serde_json::json!({
                        "ok": false,
                        "error": format!("there is no tool named {name:?}"),
                    })
                    .to_string(),
                    succeeded: false,
                },
                answer_follows: true,
            },
        }
    }

    /// The tool's output, and whether an answer follows it.
    fn call_control(
        &mut self,
        response: &ResponseId,
        call: &FunctionCall,
        now: Now,
    ) -> (String, bool) {
        let missing = self.lead.missing(&self.setup.settings.ending.required_lead_fields);
        let situation = Situation {
            missing: &missing,
            model_decides: self.setup.settings.ending.decider.asks_the_model(),
            silence_noticed: self.silence.was_noticed(),
            caller_awaits_an_answer: self.caller_awaits_an_answer(),
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

    fn add_output(&mut self, call: ToolCallId, output: String, now: Now) {
        self.add_entry(Body::ToolOutput { call, output }, now);
    }

    fn settle(&mut self, batch: Batch) {
        if !batch.waiting.is_empty() {
            self.tools.batches.push(batch);
            return;
        }
        if batch.answer_follows && self.phase == Phase::Open {
            self.owe(Want::Answer(Reply::ToolOutput));
        }
        if self.tools.batches.is_empty() {
            self.send(Command::ToolsDone);
        }
    }
}
