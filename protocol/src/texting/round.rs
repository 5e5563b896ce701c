//! One answer: it is prepared, the model is asked, its tools are run, and what it says is judged.

use jiff::Timestamp;

use super::Conversation;
use super::event::{JobResult, Prepared};
use super::job::{PersonNeeded, Record};
use super::length::{LONGEST_MESSAGE, fits, units};
use super::state::{MessageId, Outgoing, Owed, Phase, Round};
use super::timer::LOOK_EVERY;
use crate::call::call_control::{Situation, Verdict, judge};
use crate::call::{EndReason, FunctionCall, LeadFacts, ToolOutcome};
use crate::mistake::planted;
use crate::openai::responses::{Asked, HistoryItem, ModelReply, ToolCall, ToolCalls};

/// How often the model is asked for a shorter answer (WA-1).
const MOST_REWRITES: u32 = 3;
/// How often the model may call tools for one answer. Then it must answer.
pub(super) const MOST_TOOL_ROUNDS: u32 = 8;
/// Starts that were offered: the newest count (CAL-7).
const MOST_OFFERED: usize = 64;

impl Conversation {
    /// Everything that is owed is answered together (WA-5).
    pub(super) fn begin_round(&mut self, now: Timestamp) {
        let mut round = self.state.round.take().unwrap_or_default();
        round.batch.extend(self.state.owed.drain(..));
        round.after_call = self.state.after_call.take().or(round.after_call);
        self.state.round = Some(round);
        if self.on_call { self.wait_for_call(now) } else { self.go_to(Phase::Preparing) }
    }

    /// Nothing is sent during a call (WA-3).
    pub(super) fn wait_for_call(&mut self, now: Timestamp) {
        self.on_call = true;
        self.go_to(Phase::OnCall { look_at: now + LOOK_EVERY });
    }

    /// The answer that was ready before the call says nothing of it: it is made anew. What tools have
    /// done stays done.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        self.on_call = false;
        if let Some(round) = &mut self.state.round {
            round.items.retain(|item| {
                matches!(item, HistoryItem::Returned { .. } | HistoryItem::ToolOutput { .. })
            });
            (round.rewrites, round.refused) = (0, false);
            (round.closes, round.for_person) = (None, None);
        }
        self.rest(now);
    }

    pub(super) fn on_job_done(&mut self, result: JobResult, now: Timestamp) {
        match (self.state.phase.clone(), result) {
            (Phase::Preparing, JobResult::Prepared(prepared)) => self.on_prepared(prepared, now),
            (Phase::Asking, JobResult::Replied(reply)) => self.on_replied(reply, now),
            (Phase::Asking, JobResult::Called(calls)) => self.on_called(calls),
            (Phase::Asking, JobResult::NoAnswer) => self.on_no_answer(now),
            (Phase::Running, JobResult::ToolFinished { outcome, lead }) => {
                self.on_tool_finished(outcome, lead);
            }
            (Phase::Clearing, JobResult::Looked { on_call }) => self.on_looked(on_call, now),
            (Phase::Sending { .. }, JobResult::Sent { sid }) => self.on_sent(sid, now),
            (Phase::Sending { .. }, JobResult::NotThere) => self.clear(now),
            (Phase::Sending { .. }, JobResult::SendFailed(fault)) => {
                self.on_send_failed(fault, now)
            }
            // The job's number was right, and its result is another job's: a mistake of the performer's.
            _ => {}
        }
    }

    fn on_prepared(&mut self, prepared: Prepared, now: Timestamp) {
        self.learn(prepared.lead);
        if prepared.on_call {
            self.wait_for_call(now);
            return;
        }
        let Some(round) = &mut self.state.round else { return self.rest(now) };
        round.answer.get_or_insert(MessageId(prepared.answer));
        if !prepared.call_earns_message {
            round.after_call = None;
        }
        if round.batch.is_empty() && round.after_call.is_none() {
            self.state.round = None;
            self.rest(now);
        } else if !round.calls.is_empty() {
            self.go_to(Phase::Running);
        } else if !round.batch.is_empty() && !round.batch.iter().any(|owed| owed.is_readable) {
            let line = self.rules.lines.media.clone();
            self.draft(line, now);
        } else {
            self.go_to(Phase::Asking);
        }
    }

    fn on_called(&mut self, calls: ToolCalls) {
        let Some(round) = &mut self.state.round else { return };
        round.tool_rounds += 1;
        round.items.extend(calls.items);
        for ToolCall { id, name, asked } in calls.calls {
            match asked {
                Asked::Run { arguments, .. } => {
                    round.calls.push_back(FunctionCall { call: id, name, arguments });
                }
                Asked::Refused { output } => {
                    round.items.push(HistoryItem::ToolOutput { call_id: id, output });
                }
            }
        }
        self.run_next();
    }

    fn run_next(&mut self) {
        let calls = self.state.round.as_ref().map(|round| !round.calls.is_empty());
        self.go_to(if calls == Some(true) { Phase::Running } else { Phase::Asking });
    }

    fn on_tool_finished(&mut self, outcome: ToolOutcome, lead: Option<LeadFacts>) {
        if let Some(lead) = lead {
            self.learn(lead);
        }
        let offered = &mut self.state.offered;
        offered.retain(|one| !outcome.offered.contains(one));
        offered.extend(outcome.offered);
        offered.drain(..offered.len().saturating_sub(MOST_OFFERED));
        if let Some(round) = &mut self.state.round
            && let Some(call) = round.calls.pop_front()
        {
            let output = outcome.output;
            round.items.push(HistoryItem::ToolOutput { call_id: call.call, output });
        }
        self.run_next();
    }

    fn learn(&mut self, mut lead: LeadFacts) {
        self.state.captured.append(&mut lead.captured);
        lead.captured.clone_from(&self.state.captured);
        self.lead = lead;
    }

    fn on_no_answer(&mut self, now: Timestamp) {
        let Some(round) = &mut self.state.round else { return };
        if round.batch.is_empty() {
            // Nobody waits for a message after a call.
            self.state.round = None;
            self.rest(now);
            return;
        }
        round.for_person = Some(PersonNeeded::ModelFailed);
        let line = self.rules.lines.written_apology.clone();
        self.draft(line, now);
    }

    fn on_replied(&mut self, reply: ModelReply, now: Timestamp) {
        let Some(mut round) = self.state.round.take() else { return };
        if !fits(&reply.reply) {
            round.rewrites += 1;
            if round.rewrites > MOST_REWRITES {
                round.for_person = Some(PersonNeeded::TooLong);
                self.state.round = Some(round);
                let line = self.rules.lines.too_long.clone();
                self.draft(line, now);
                return;
            }
            let note = too_long(&reply.reply);
            return self.ask_again(round, reply, note);
        }
        let (closes, status) = match self.judge(&round, &reply) {
            Verdict::GoOn { status, .. } => (None, status),
            Verdict::End { reason, status, .. } => (Some(reason), status),
            Verdict::Refused { output } if !round.refused => {
                round.refused = true;
                return self.ask_again(round, reply, refused(&output));
            }
            Verdict::Refused { .. } => (None, None),
        };
        if let Some(status) = status {
            self.records.push(Record::LeadStatus(status));
        }
        if !reply.control.notes.is_empty() {
            self.records.push(Record::Noted(reply.control.notes));
        }
        round.closes = closes.or_else(|| self.goodbye(&round));
        self.state.round = Some(round);
        self.draft(reply.reply, now);
    }

    /// The answer is not sent. The model sees it, and why.
    fn ask_again(&mut self, mut round: Round, reply: ModelReply, note: String) {
        round.items.push(HistoryItem::Agent { text: reply.reply });
        round.items.push(HistoryItem::Note { text: note });
        self.state.round = Some(round);
        self.go_to(Phase::Asking);
    }

    /// As END-2 judges `call_control`. Where phrases alone decide, the model's claim counts for nothing.
    fn judge(&self, round: &Round, reply: &ModelReply) -> Verdict {
        let ending = &self.rules.settings.ending;
        let missing = self.lead.missing(&ending.required_lead_fields);
        let mut control = reply.control.clone();
        if !ending.decider.asks_the_model() {
            (control.should_end_call, control.end_reason) = (false, None);
        }
        let declines = round.newest().is_some_and(|newest| newest.declines);
        judge(
            &control.arguments(),
            &Situation {
                missing: &missing,
                model_decides: true,
                silence_noticed: false,
                caller_awaits_an_answer: false,
                declined_once: declines && !self.state.declined,
            },
        )
    }

    /// The end by phrases (END-3).
    fn goodbye(&self, round: &Round) -> Option<EndReason> {
        let ending = &self.rules.settings.ending;
        let reads = ending.decider.reads_phrases() && ending.auto_end_on_goodbye;
        let says = round.newest().is_some_and(|newest| newest.says_goodbye);
        (reads && says).then_some(EndReason::UserGoodbye)
    }

    fn draft(&mut self, body: String, now: Timestamp) {
        let answer = self.state.round.as_ref().and_then(|round| round.answer);
        let Some(id) = answer else { return self.go_to(Phase::Preparing) };
        self.state.sending = Some(Outgoing { id, body });
        self.clear(now);
    }

    /// The round is over: its texts are answered.
    pub(super) fn finish_round(&mut self) {
        let Some(round) = self.state.round.take() else { return };
        if !round.batch.is_empty() {
            let declines = round.newest().is_some_and(|newest| newest.declines);
            self.state.declined |= declines;
            let mut ids: Vec<_> = round.batch.iter().map(|owed: &Owed| owed.id).collect();
            if planted!(ForgottenText) {
                ids.extend(self.state.owed.drain(..).map(|owed| owed.id));
            }
            self.records.push(Record::Handled(ids));
        }
        if let Some(why) = round.for_person {
            self.records.push(Record::ForPerson(why));
        }
        // Who has written since goes on with the same conversation.
        if let Some(reason) = round.closes.filter(|_| self.state.owed.is_empty()) {
            self.state.closed = true;
            self.records.push(Record::Closed(reason));
        }
    }

    pub(super) fn rest(&mut self, now: Timestamp) {
        self.state.phase = Phase::Resting;
        (self.state.sends_since, self.state.tries) = (None, 0);
        self.go_on(now);
    }
}

fn too_long(reply: &str) -> String {
    format!(
        "Your last answer was not sent: it has {} characters, and a message may have {LONGEST_MESSAGE}. \
         Answer again with a shorter one that says what matters most.",
        units(reply)
    )
}

fn refused(output: &str) -> String {
    format!(
        "Your last answer was not sent. This is why: {output} Answer again: do not mention this, and go on \
         naturally."
    )
}
