//! Who finds out that the conversation is over: the caller's words and the last missing field, where
//! the business's decider reads them (END-3). The model's own word is judged in `tools::call_control`.
//!
//! Words come late. An answer may wait for them (`phrase_wait`); if it is on its way before they are
//! there, it is played out, and the scripted line follows unless the answer made it needless.

use std::time::Instant;

use super::command::Command;
use super::conversation::{Body, Role, Words};
use super::ending::Phase;
use super::lead::LeadFacts;
use super::reason::{EndReason, EndedBy};
use super::{Call, Now};
use crate::business::{Decider, LeadStatus};
use crate::ids::ItemId;
use crate::phrases::{Phrases, Reading};
use crate::response_gate::{AskNumber, Reply, ScriptedLine, Want};

/// What is decided, and what a decision waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct Deciding {
    /// Turns that are not answered before their words are there.
    waiting: Vec<WaitingTurn>,
    /// The last turn that was to be answered, and the ask for it.
    last: Option<(ItemId, AskNumber)>,
    after_reply: Option<AfterReply>,
}

#[derive(Debug, Clone)]
struct WaitingTurn {
    turn: ItemId,
    until: Instant,
}

/// A scripted line that follows a reply which was on its way before the caller's words were there.
#[derive(Debug, Clone, Copy)]
struct AfterReply {
    ask: AskNumber,
    line: Follows,
}

/// What a turn is followed by, in place of a reply or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The closing line, and the end.
    Closing,
    /// The polite answer to "no thanks"; the call stays open.
    Decline,
}

impl Deciding {
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
    /// The caller's turn was committed: it is answered, unless its words are waited for first.
    pub(super) fn take_turn(&mut self, turn: ItemId, now: Now) {
        self.silence.turn_committed(turn.clone());
        match self.phase {
            Phase::Open => {
                self.deciding.after_reply.take_if(|after| after.line == Follows::Decline);
                let ending = &self.setup.settings.ending;
                if ending.decider.reads_phrases() && !ending.phrase_wait.is_zero() {
                    let until = now.at + ending.phrase_wait;
                    self.deciding.waiting.push(WaitingTurn { turn, until });
                } else {
                    self.answer(turn);
                }
            }
            Phase::Closing { .. } | Phase::Pausing { .. } => self.on_turn_while_ending(turn, now),
            Phase::HandingOver { .. } | Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
    }

    /// The words of a turn came, or it is known that they can't be had.
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

    /// Words that were waited for have not come in time.
    pub(super) fn on_words_overdue(&mut self, now: Now) {
        let (late, waiting) = std::mem::take(&mut self.deciding.waiting)
            .into_iter()
            .partition(|waiting| waiting.until <= now.at);
        self.deciding.waiting = waiting;
        let late: Vec<WaitingTurn> = late;
        late.into_iter().for_each(|late| self.answer(late.turn));
    }

    /// Asks for an answer to a turn.
    pub(super) fn answer(&mut self, turn: ItemId) {
        let ask = self.owe(Want::Answer(Reply::Turn(turn.clone())));
        self.deciding.last = Some((turn, ask));
    }

    /// The turns that nobody answers (yet): what was asked for them has not begun.
    pub(super) fn unanswered_turns(&self) -> Vec<ItemId> {
        let owed = (self.speech.owed().iter()).filter(|owed| owed.served_by.is_none());
        let asked = owed.filter_map(|owed| match &owed.ask.want {
            Want::Answer(Reply::Turn(turn)) => Some(turn.clone()),
            Want::Answer(Reply::Digits | Reply::ToolOutput | Reply::Resume) | Want::Line { .. } => {
                None
            }
        });
        asked.chain(self.deciding.waiting.iter().map(|waiting| waiting.turn.clone())).collect()
    }

    /// Whether the caller has said something since that wants an answer and has none: then it is no
    /// time to end the call, as far as we know.
    pub(super) fn caller_awaits_an_answer(&self) -> bool {
        let phrases = self.phrases();
        self.unanswered_turns().iter().any(|turn| {
            let words = self.conversation.words_of(turn);
            matches!(words, Some(Words::Known(text)) if phrases.read(text).wants_an_answer())
        })
    }

    /// All that waited for words is dropped: the call ends.
    pub(super) fn stop_deciding(&mut self) {
        self.deciding.waiting.clear();
        self.deciding.after_reply = None;
    }

    /// The reply that a line waits for may be over.
    pub(super) fn look_whether_the_reply_is_over(&mut self, now: Now) {
        let Some(AfterReply { ask, line }) = self.deciding.after_reply else { return };
        if self.phase != Phase::Open || self.speech.is_coming(ask) {
            return;
        }
        self.deciding.after_reply = None;
        let reply = self.speech.reply_to(ask).filter(|reply| {
            !self.speech.was_interrupted(reply)
                && self.phrases().closes_politely(&self.conversation.said_in(reply))
        });
        match (line, reply) {
            (Follows::Closing, Some(reply)) => {
                self.close_with(reply, EndReason::UserGoodbye, EndedBy::Daemon, now);
            }
            (Follows::Closing | Follows::Decline, None) => self.follow(line, now),
            (Follows::Decline, Some(_)) => {}
        }
    }

    /// The lead changed. What a tool call of this call has filled in may have been the last that was
    /// missing (END-3).
    pub(super) fn learn_of_lead(&mut self, newer: LeadFacts, now: Now) {
        let ending = &self.setup.settings.ending;
        let required = &ending.required_lead_fields;
        let before = self.lead.missing(required);
        let filled = before.iter().any(|field| newer.captured.contains(*field));
        let may_end = ending.decider.reads_phrases() && ending.auto_end_after_lead_capture;
        // The model's own goodbye is judged next, or the caller has gone on already.
        let not_now = ending.decider.asks_the_model()
            && (self.tools.end_is_asked_for() || self.caller_awaits_an_answer());
        self.lead.learn(newer);
        if filled && may_end && self.lead.missing(required).is_empty() && self.phase == Phase::Open
        {
            self.send(Command::SetLeadStatus(LeadStatus::Complete));
            if !not_now {
                self.close(EndReason::LeadComplete, EndedBy::Daemon, now);
            }
        }
    }

    pub(super) fn phrases(&self) -> Phrases {
        Phrases::of(&self.setup.settings.ending)
    }

    fn decide(&mut self, turn: &ItemId, text: Option<&str>, now: Now) {
        let waited = self.deciding.take_waiting(turn);
        let line = text.and_then(|text| self.line_for(text)).filter(|_| self.is_last_said(turn));
        match (line, waited) {
            (None, true) => self.answer(turn.clone()),
            (None, false) => {}
            (Some(line), true) => self.follow(line, now),
            (Some(line), false) => {
                let last = self.deciding.last.as_ref().filter(|(last, _)| last == turn);
                if let Some((_, ask)) = last {
                    self.deciding.after_reply = Some(AfterReply { ask: *ask, line });
                }
            }
        }
    }

    /// The scripted line that answers these words, if the decider reads them.
    fn line_for(&self, text: &str) -> Option<Follows> {
        let ending = &self.setup.settings.ending;
        match (ending.decider, self.phrases().read(text)) {
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

    /// Whether the caller has not had another turn since.
    fn is_last_said(&self, turn: &ItemId) -> bool {
        let entries = self.conversation.entries().iter().rev();
        let last = entries.into_iter().find(|entry| entry.role() == Role::Caller);
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
