//! Detects the end of the conversation in the caller's words and in the lead's last missing field,
//! if the business's decider reads them (END-3). `tools::call_control` decides when the model asks.
//!
//! Transcripts come late. An answer may wait for one (`phrase_wait`). If the answer is on its way
//! first, it is played to its end, and the scripted line follows unless the answer was polite
//! already.

use std::sync::Arc;
use std::time::Instant;

use super::command::Command;
use super::conversation::{Body, Role, Words};
use super::ending::Phase;
use super::lead::LeadFacts;
use super::reason::{EndReason, EndedBy};
use super::{Call, Now};
use crate::business::{Decider, LeadStatus};
use crate::ids::{ItemId, ResponseId};
use crate::phrases::Reading;
use crate::response_gate::{AskNumber, Reply, ScriptedLine, Want};

/// What the detection waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct EndDetection {
    /// Turns that are not answered before their transcripts come.
    waiting: Vec<WaitingTurn>,
    /// The last turn that an answer was asked for, and the ask.
    last: Option<(ItemId, AskNumber)>,
    after_reply: Option<AfterReply>,
}

#[derive(Debug, Clone)]
struct WaitingTurn {
    turn: ItemId,
    until: Instant,
}

/// A scripted line that follows a reply, because the reply was on its way before the transcript
/// came.
#[derive(Debug, Clone, Copy)]
struct AfterReply {
    ask: AskNumber,
    line: Follows,
}

/// What answers a turn, in place of a reply or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The closing line, and the end of the call.
    Closing,
    /// The polite answer to "no thanks". The call stays open.
    Decline,
}

impl EndDetection {
    pub(super) fn nothing_waits(&self) -> bool {
        self.waiting.is_empty() && self.after_reply.is_none()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    fn take_waiting(&mut self, turn: &ItemId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.turn != *turn);
        self.waiting.len() < before
    }
}

impl Call {
    /// A turn was committed. It is answered at once, or when its transcript has come.
    pub(super) fn take_turn(&mut self, turn: ItemId, now: Now) {
        self.silence.turn_committed(turn.clone());
        match self.phase {
            Phase::Open => {
                self.end_detection.after_reply.take_if(|after| after.line == Follows::Decline);
                let ending = &self.setup.settings.ending;
                if ending.decider.reads_phrases() && !ending.phrase_wait.is_zero() {
                    let until = now.at + ending.phrase_wait;
                    self.end_detection.waiting.push(WaitingTurn { turn, until });
                } else {
                    self.answer(turn);
                }
            }
            Phase::Closing { .. } | Phase::Pausing { .. } => self.on_turn_while_ending(turn, now),
            Phase::HandingOver { .. } | Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
    }

    /// A transcript came, or (`None`) the transcription failed.
    pub(super) fn take_words(&mut self, turn: &ItemId, text: Option<&str>, now: Now) {
        self.silence.turn_read(turn, text);
        match self.phase {
            Phase::Open => self.decide(turn, text, now),
            Phase::Closing { .. } | Phase::Pausing { .. } => {
                self.on_words_while_ending(turn, text, now);
            }
            Phase::HandingOver { .. } | Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
    }

    /// Transcripts that answers waited for have not come in time.
    pub(super) fn on_words_overdue(&mut self, now: Now) {
        let is_late = |waiting: &mut WaitingTurn| waiting.until <= now.at;
        let late: Vec<_> = self.end_detection.waiting.extract_if(.., is_late).collect();
        late.into_iter().for_each(|late| self.answer(late.turn));
    }

    /// Asks for an answer to a turn.
    pub(super) fn answer(&mut self, turn: ItemId) {
        let ask = self.owe(Want::Answer(Reply::Turn(turn.clone())));
        self.end_detection.last = Some((turn, ask));
    }

    /// The turns that no response has begun to answer.
    pub(super) fn unanswered_turns(&self) -> Vec<ItemId> {
        let owed = (self.speech.owed().iter()).filter(|owed| owed.served_by.is_none());
        let asked = owed.filter_map(|owed| match &owed.ask.want {
            Want::Answer(Reply::Turn(turn)) => Some(turn.clone()),
            Want::Answer(Reply::Digits | Reply::ToolOutput | Reply::Resume) | Want::Line { .. } => {
                None
            }
        });
        asked.chain(self.end_detection.waiting.iter().map(|waiting| waiting.turn.clone())).collect()
    }

    /// Whether the caller has said something that wants an answer and has none yet. Then it is no
    /// time to end the call.
    pub(super) fn caller_awaits_an_answer(&self) -> bool {
        let keys = (self.speech.owed().iter())
            .any(|owed| owed.served_by.is_none() && owed.ask.want == Want::Answer(Reply::Digits));
        let words = |turn: &ItemId| {
            let words = self.conversation.words_of(turn);
            matches!(words, Some(Words::Known(text)) if self.phrases.read(text).wants_an_answer())
        };
        keys || self.unanswered_turns().iter().any(words)
    }

    /// The call ends: nothing waits for a transcript any more.
    pub(super) fn stop_end_detection(&mut self) {
        self.end_detection.waiting.clear();
        self.end_detection.after_reply = None;
    }

    /// If the reply that a line waits for is over, the line follows, unless the reply made it
    /// needless.
    pub(super) fn settle_reply(&mut self, now: Now) {
        let Some(AfterReply { ask, line }) = self.end_detection.after_reply else { return };
        if self.phase != Phase::Open || self.speech.is_coming(ask) {
            return;
        }
        self.end_detection.after_reply = None;
        let reply = self.speech.reply_to(ask).filter(|reply| {
            !self.speech.was_interrupted(reply)
                && self.phrases.closes_politely(&self.said_in(reply))
        });
        match (line, reply) {
            (Follows::Closing, Some(reply)) => {
                self.close_with(reply, EndReason::UserGoodbye, EndedBy::Daemon, now);
            }
            (Follows::Closing | Follows::Decline, None) => self.follow(line, now),
            (Follows::Decline, Some(_)) => {}
        }
    }

    /// The lead changed. If this call has captured the last missing field, it may end (END-3).
    pub(super) fn end_if_lead_is_complete(&mut self, newer: LeadFacts, now: Now) {
        let ending = &self.setup.settings.ending;
        let required = &ending.required_lead_fields;
        let before = self.lead.missing(required);
        let filled = before.iter().any(|field| newer.captured.contains(*field));
        let may_end = ending.decider.reads_phrases() && ending.auto_end_after_lead_capture;
        // The model's own goodbye is judged next, or the caller has said more already.
        let not_now = ending.decider.asks_the_model()
            && (self.tools.end_is_asked_for() || self.caller_awaits_an_answer());
        Arc::make_mut(&mut self.lead).learn(newer);
        if filled && may_end && self.lead.missing(required).is_empty() && self.phase == Phase::Open
        {
            self.send(Command::SetLeadStatus(LeadStatus::Complete));
            if !not_now {
                self.close(EndReason::LeadComplete, EndedBy::Daemon, now);
            }
        }
    }

    fn decide(&mut self, turn: &ItemId, text: Option<&str>, now: Now) {
        let waited = self.end_detection.take_waiting(turn);
        let line = text.and_then(|text| self.line_for(text)).filter(|_| self.is_last_said(turn));
        match (line, waited) {
            (None, true) => self.answer(turn.clone()),
            (None, false) => {}
            (Some(line), true) => self.follow(line, now),
            (Some(line), false) => {
                let last = self.end_detection.last.as_ref().filter(|(last, _)| last == turn);
                if let Some((_, ask)) = last {
                    self.end_detection.after_reply = Some(AfterReply { ask: *ask, line });
                }
            }
        }
    }

    /// The scripted line that answers these words. `None` if the decider does not read them.
    fn line_for(&self, text: &str) -> Option<Follows> {
        let ending = &self.setup.settings.ending;
        match (ending.decider, self.phrases.read(text)) {
            (Decider::Phrases | Decider::Both, Reading::Farewell | Reading::Goodbye) => {
                ending.auto_end_on_goodbye.then_some(Follows::Closing)
            }
            (Decider::Phrases, Reading::Decline) => Some(Follows::Decline),
            (Decider::Model | Decider::Phrases | Decider::Both, _) => None,
        }
    }

    fn follow(&mut self, line: Follows, now: Now) {
        match line {
            Follows::Closing => self.close(EndReason::UserGoodbye, EndedBy::Daemon, now),
            Follows::Decline => {
                let text = self.setup.lines.decline.clone();
                let wording = self.wording();
                self.owe(Want::Line { line: ScriptedLine::Decline, text, wording });
            }
        }
    }

    /// What the agent said in a response.
    fn said_in(&self, response: &ResponseId) -> String {
        let items = self.speech.items_of(response);
        let entries = items.iter().filter_map(|item| self.conversation.entry_of(item));
        entries.filter_map(|entry| entry.text()).collect::<Vec<_>>().join(" ")
    }

    /// Whether this is the last thing the caller has said.
    fn is_last_said(&self, turn: &ItemId) -> bool {
        let mut entries = self.conversation.entries().rev();
        let last = entries.find(|entry| entry.role() == Role::Caller);
        last.is_some_and(|entry| match &entry.body {
            Body::Caller { item, .. } => item == turn,
            Body::Digits(_)
            | Body::Agent { .. }
            | Body::Recorded(_)
            | Body::System(_)
            | Body::ToolCall { .. }
            | Body::ToolOutput { .. } => false,
        })
    }
}
