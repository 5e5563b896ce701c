//! The tool calls of one response: when all have returned, one answer to their outputs is asked
//! for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::calendar::{CalendarUse, Offered};
use super::call_control;
use crate::call::command::Command;
use crate::call::conversation::Body;
use crate::call::ending::Phase;
use crate::call::event::{FunctionCall, ToolOutcome};
use crate::call::speech::BeforeTools;
use crate::call::{Call, Moment, Now};
use crate::ids::{ResponseId, ToolCallId};

/// How long a tool may take before the model is told that it failed.
const TOOL_PATIENCE: Duration = Duration::from_secs(10);

/// How long a claim that the caller has declined waits for the transcript of their turn.
const WORDS_PATIENCE: Duration = Duration::from_millis(1500);

/// The output of a tool that took longer.
const TOOK_TOO_LONG: &str =
    r#"{"ok":false,"error":"this took too long and may not have worked; apologise and go on"}"#;

/// The responses whose tool calls have not all returned.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::call) struct Tools {
    pub(super) batches: Vec<Batch>,
    /// The calls among them that the calendar works on, or will when the lead is known.
    pub(super) calendar: Vec<CalendarUse>,
    pub(super) offered: Offered,
}

/// The tool calls of one response.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Batch {
    response: ResponseId,
    /// The calls that have not returned.
    pub(super) waiting: Vec<ToolCallId>,
    until: Moment,
    pub(super) answer_follows: bool,
    before: BeforeTools,
    /// Calls of `call_control`. They are judged when it is known what the others did.
    pub(super) controls: Vec<FunctionCall>,
    /// How long they wait for the caller's last words, if they do.
    words_until: Option<Moment>,
}

impl Batch {
    pub(super) fn new(response: ResponseId, before: BeforeTools, now: Now) -> Self {
        let until = now.at + TOOL_PATIENCE;
        Self {
            response,
            waiting: Vec::new(),
            until,
            answer_follows: false,
            before,
            controls: Vec::new(),
            words_until: None,
        }
    }

    fn deadline(&self) -> Option<Moment> {
        if self.waiting.is_empty() { self.words_until } else { Some(self.until) }
    }
}

impl Tools {
    pub(in crate::call) fn deadline(&self) -> Option<Moment> {
        self.batches.iter().filter_map(Batch::deadline).min()
    }

    /// Whether the model has asked for the end, and is judged when its other tools are done.
    pub(in crate::call) fn end_is_asked_for(&self) -> bool {
        let mut controls = self.batches.iter().flat_map(|batch| &batch.controls);
        controls.any(|call| call_control::wants_the_end(&call.arguments))
    }

    /// The outputs of this response are answered with the next answer to the asks that it carried.
    pub(in crate::call) fn expect_no_answer(&mut self, response: &ResponseId) {
        let of = self.batches.iter_mut().filter(|batch| batch.response == *response);
        of.for_each(|batch| batch.answer_follows = false);
    }

    /// Whether an answer follows when they have all returned.
    pub(in crate::call) fn will_be_answered(&self) -> bool {
        self.batches.iter().any(|batch| batch.answer_follows)
    }

    /// Whether this call has not returned.
    pub(in crate::call) fn awaits(&self, call: &ToolCallId) -> bool {
        self.batches.iter().any(|batch| batch.waiting.contains(call))
    }

    /// The number of calls that have not returned.
    pub(in crate::call) fn running(&self) -> usize {
        self.batches.iter().map(|batch| batch.waiting.len()).sum()
    }
}

impl Call {
    pub(in crate::call) fn on_tool_finished(
        &mut self,
        call: &ToolCallId,
        outcome: ToolOutcome,
        now: Now,
    ) {
        let mut batches = self.tools.batches.iter_mut();
        let Some(batch) = batches.find(|batch| batch.waiting.contains(call)) else { return };
        batch.waiting.retain(|waiting| waiting != call);
        batch.answer_follows |= !outcome.succeeded;
        self.tools.calendar.retain(|used| used.call.call != *call);
        self.tools.offered.add(outcome.offered);
        self.add_output(call.clone(), outcome.output, now);
    }

    pub(in crate::call) fn on_tools_overdue(&mut self, now: Now) {
        let late: Vec<ToolCallId> = (self.tools.batches.iter())
            .filter(|batch| batch.until <= now.at)
            .flat_map(|batch| batch.waiting.iter().cloned())
            .collect();
        for call in late {
            let outcome = self
                .calendar_overdue(&call)
                .unwrap_or_else(|| ToolOutcome::new(TOOK_TOO_LONG.to_owned(), false));
            self.on_tool_finished(&call, outcome, now);
        }
    }

    /// The daemon has died: the tools that had not returned have all their time again. Returns the updates
    /// of the lead among them. The calendar's are due to be sent.
    pub(in crate::call) fn tools_to_run_again(&mut self, now: Now) -> Vec<FunctionCall> {
        self.tools.calendar.iter_mut().for_each(CalendarUse::take_back);
        for batch in &mut self.tools.batches {
            batch.until = now.at + TOOL_PATIENCE;
        }
        let calendar =
            |id: &ToolCallId| self.tools.calendar.iter().any(|used| used.call.call == *id);
        let waiting = self.tools.batches.iter().flat_map(|batch| &batch.waiting);
        let updates: Vec<&ToolCallId> = waiting.filter(|id| !calendar(id)).collect();
        let made = self.conversation.entries().filter_map(|entry| {
            let Body::ToolCall { call, name, arguments } = &entry.body else { return None };
            let (call, name, arguments) = (call.clone(), name.clone(), arguments.clone());
            Some(FunctionCall { call, name, arguments })
        });
        made.filter(|made| updates.contains(&&made.call)).collect()
    }

    /// Judges the calls of `call_control` in a response whose other tools are done: the last
    /// missing field may have come with them.
    pub(in crate::call) fn judge_call_control(&mut self, now: Now) {
        for place in 0..self.tools.batches.len() {
            if !self.tools.batches[place].waiting.is_empty() {
                continue;
            }
            let waits = self.waits_for_words(place, now);
            let batch = &mut self.tools.batches[place];
            let response = batch.response.clone();
            let is_due = |call: &mut FunctionCall| {
                !(waits && call_control::claims_a_decline(&call.arguments))
            };
            let due: Vec<FunctionCall> = batch.controls.extract_if(.., is_due).collect();
            for call in due {
                let (output, answer_follows) = self.call_control(&response, &call, now);
                self.add_output(call.call, output, now);
                self.tools.batches[place].answer_follows |= answer_follows;
            }
        }
    }

    /// Whether a claim that the caller has declined waits for what they said (END-4).
    fn waits_for_words(&mut self, place: usize, now: Now) -> bool {
        let awaited = self.caller_words_are_awaited();
        let batch = &mut self.tools.batches[place];
        let mut controls = batch.controls.iter();
        awaited
            && controls.any(|call| call_control::claims_a_decline(&call.arguments))
            && now.at < *batch.words_until.get_or_insert(now.at + WORDS_PATIENCE)
    }

    /// A response is no farewell any more once its call for the end was judged, or never will be.
    pub(in crate::call) fn settle_farewell(&mut self) {
        if let Some(response) = &self.farewell
            && !self.speech.is_running(response)
            && !self.tools.end_is_asked_for()
        {
            self.farewell = None;
        }
    }

    /// Asks for an answer to the outputs of a response whose tools are all done, if one is to
    /// follow and the call goes on.
    pub(in crate::call) fn settle_tools(&mut self) {
        let is_done = |batch: &mut Batch| batch.waiting.is_empty() && batch.controls.is_empty();
        let done: Vec<Batch> = self.tools.batches.extract_if(.., is_done).collect();
        for batch in &done {
            if batch.answer_follows && self.phase == Phase::Open {
                self.owe_tool_output(&batch.before);
            }
        }
        if !done.is_empty() && self.tools.batches.is_empty() {
            self.send(Command::ToolsDone);
        }
    }

    pub(super) fn add_output(&mut self, call: ToolCallId, output: String, now: Now) {
        self.add_entry(Body::ToolOutput { call, output }, now);
    }
}
