//! Detects the end of the conversation in the caller's words and in the lead's last missing field,
//! if the business's decider reads them (END-3). `tools::call_control` decides when the model asks.
//!
//! Transcripts come late. An answer may wait for one (`phrase_wait`). If the answer is on its way
//! first, it is played to its end, and the scripted line follows unless the answer was polite
//! already.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::conversation::{Body, Role, Words};
use super::ending::Phase;
use super::lead::LeadFacts;
use super::reason::{EndReason, EndedBy};
use super::{Call, Moment, Now};
use crate::business::{Decider, LeadStatus};
use crate::caller_speech::CommittedBy;
use crate::ids::{ItemId, ResponseId};
use crate::phrases::Reading;
use crate::response_gate::{AskNumber, Reply, ScriptedLine, Want};

/// How long the answer to speech that did not end waits for the caller's quiet (PIPE-11).
const QUIET_PATIENCE: Duration = Duration::from_secs(10);

/// What the detection waits for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct EndDetection {
    /// Turns that are not answered before their transcripts come.
    waiting: Vec<WaitingTurn>,
    /// The last turn that an answer was asked for, and the ask.
    last: Option<(ItemId, AskNumber)>,
    after_reply: Option<AfterReply>,
}

/// A turn that is answered when nothing is waited for any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct WaitingTurn {
    turn: ItemId,
    /// Until when its transcript is waited for, if it is.
    words_until: Option<Moment>,
    /// Until when the caller's quiet is waited for, if it is.
    quiet_until: Option<Moment>,
}

impl WaitingTurn {
    /// The turn waits no longer than this for anything.
    fn gives_up_at(&mut self, now: Moment) {
        for until in [&mut self.words_until, &mut self.quiet_until] {
            until.take_if(|until| *until <= now);
        }
    }

    fn deadline(&self) -> Option<Moment> {
        self.words_until.into_iter().chain(self.quiet_until).min()
    }
}

/// A scripted line that follows a reply, because the reply was on its way before the transcript
/// came.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct AfterReply {
    ask: AskNumber,
    line: Follows,
}

/// What answers a turn, in place of a reply or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.waiting.iter().filter_map(WaitingTurn::deadline).min()
    }

    fn take_waiting(&mut self, turn: &ItemId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.turn != *turn);
        self.waiting.len() < before
    }

    fn awaits_words_of(&self, turn: &ItemId) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|waiting| waiting.turn == *turn && waiting.words_until.is_some())
    }
}

impl Call {
    /// A turn was committed. It is answered at once, or when its transcript has come.
    pub(super) fn take_turn(&mut self, turn: ItemId, by: CommittedBy, now: Now) {
        self.silence.turn_committed(turn.clone(), by);
        match self.phase {
            Phase::Open => {
                self.end_detection.after_reply.take_if(|after| after.line == Follows::Decline);
                let waiting = self.what_waits(turn, by, now);
                if waiting.quiet_until.is_some() {
                    self.send(Command::AwaitQuiet);
                }
                self.end_detection.waiting.push(waiting);
                self.answer_what_waits_no_more(now);
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

    /// What answers waited for has not come in time.
    pub(super) fn on_wait_over(&mut self, now: Now) {
        self.end_detection.waiting.iter_mut().for_each(|turn| turn.gives_up_at(now.at));
        self.answer_what_waits_no_more(now);
    }

    /// The caller is quiet: turns that did not end are answered now (PIPE-11).
    pub(super) fn on_caller_quiet(&mut self, now: Now) {
        self.end_detection.waiting.iter_mut().for_each(|turn| turn.quiet_until = None);
        self.answer_what_waits_no_more(now);
    }

    /// What a new turn waits for before it is answered: for its words if phrases decide, and for
    /// the caller's quiet if its speech did not end. If such turns had no words again and again,
    /// the words of the next one decide whether it is answered at all.
    fn what_waits(&self, turn: ItemId, by: CommittedBy, now: Now) -> WaitingTurn {
        let ending = &self.setup.settings.ending;
        let phrases = self.decider().reads_phrases() && !ending.phrase_wait.is_zero();
        let words_until = phrases.then(|| now.at + ending.phrase_wait);
        let patience = now.at + QUIET_PATIENCE;
        match by {
            CommittedBy::TurnDetection => WaitingTurn { turn, words_until, quiet_until: None },
            CommittedBy::Daemon => {
                let doubtful = self.silence.next_endless_turn_may_be_silence();
                let words_until = words_until.into_iter().chain(doubtful.then_some(patience)).max();
                WaitingTurn { turn, words_until, quiet_until: Some(patience) }
            }
        }
    }

    fn answer_what_waits_no_more(&mut self, now: Now) {
        let is_due = |waiting: &mut WaitingTurn| waiting.deadline().is_none();
        let due: Vec<_> = self.end_detection.waiting.extract_if(.., is_due).collect();
        for WaitingTurn { turn, .. } in due {
            if self.silence.is_silence(&turn) {
                self.on_silence(now);
            } else {
                self.answer(turn);
            }
        }
    }

    /// Asks for an answer to a turn.
    pub(super) fn answer(&mut self, turn: ItemId) {
        let ask = self.owe(Want::Answer(Reply::Turn(turn.clone())));
        self.end_detection.last = Some((turn, ask));
    }

    /// The turns that no response has begun to answer.
    pub(super) fn unanswered_turns(&self) -> Vec<ItemId> {
        let owed = (self.speech.owed().iter()).filter(|owed| owed.carried_by.is_none());
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
            .any(|owed| owed.carried_by.is_none() && owed.ask.want == Want::Answer(Reply::Digits));
        let words = |turn: &ItemId| {
            let words = self.conversation.words_of(turn);
            matches!(words, Some(Words::Known(text)) if self.phrases.read(text).wants_an_answer())
        };
        keys || self.unanswered_turns().iter().any(words)
    }

    /// Whether the transcript of the caller's last turn has not come.
    pub(super) fn caller_words_are_awaited(&self) -> bool {
        self.caller_turns().next_back().flatten() == Some(&Words::Awaited)
    }

    /// Whether the caller's last turn is nothing but "no thanks", and none before it was.
    pub(super) fn caller_has_declined_once(&self) -> bool {
        let declines = |words: &Option<&Words>| matches!(words, Some(Words::Known(text)) if self.phrases.read(text) == Reading::Decline);
        self.caller_turns().next_back().is_some_and(|last| declines(&last))
            && self.caller_turns().filter(declines).count() == 1
    }

    /// The caller's turns, oldest first. `None` stands for pressed keys.
    fn caller_turns(&self) -> impl DoubleEndedIterator<Item = Option<&Words>> {
        let turns = self.conversation.entries().filter(|entry| entry.role() == Role::Caller);
        turns.map(|entry| match &entry.body {
            Body::Caller { words, .. } => Some(words),
            Body::Digits(_)
            | Body::Agent { .. }
            | Body::Recorded(_)
            | Body::System(_)
            | Body::ToolCall { .. }
            | Body::ToolOutput { .. } => None,
        })
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
        let may_end = self.decider().reads_phrases() && ending.auto_end_after_lead_capture;
        // The model's own goodbye is judged next, or the caller has said more already.
        let not_now = self.decider().asks_the_model()
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
        let line = text.and_then(|text| self.line_for(text)).filter(|_| self.is_last_said(turn));
        match (line, self.end_detection.awaits_words_of(turn)) {
            (None, true) => {
                let mut waiting = self.end_detection.waiting.iter_mut();
                if let Some(waiting) = waiting.find(|waiting| waiting.turn == *turn) {
                    waiting.words_until = None;
                }
                self.answer_what_waits_no_more(now);
            }
            (None, false) => {}
            (Some(line), true) => {
                self.end_detection.take_waiting(turn);
                self.follow(line, now);
            }
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
        match (self.decider(), self.phrases.read(text)) {
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
