//! Unserved asks: their response has ended without audio and without a call of an offered tool.
//! `attempts` decides what becomes of each, and here it is done (PIPE-9, PIPE-10).

use serde::{Deserialize, Serialize};

use super::Speech;
use super::attempts::{Attempts, Next, Unserved};
use super::owed::Owed;
use crate::call::command::Command;
use crate::call::ending::{ClosingLine, Phase};
use crate::call::renewal::Renewal;
use crate::call::session::SessionState;
use crate::call::stopwatch::Stopwatch;
use crate::call::{Call, Moment, Now};
use crate::ids::ResponseId;
use crate::response_gate::{AskNumber, ScriptedLine, Want};

/// What happened to the asks of a response before it called tools. It holds of the answer to their
/// outputs, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::call) struct BeforeTools {
    pub(super) trouble: Option<Stopwatch>,
    pub(super) follows_refusal: bool,
}

impl Speech {
    /// Some of the response is heard: the asks it carries are in no trouble any more.
    pub(super) fn end_trouble_of(&mut self, response: &ResponseId) {
        for owed in self.owed.iter_mut().filter(|owed| owed.carried_by.as_ref() == Some(response)) {
            (owed.attempts, owed.trouble) = (Attempts::default(), None);
        }
    }

    /// The asks of the response's request, and those that it took over later.
    pub(super) fn asks_carried_by(
        &self,
        response: &ResponseId,
        asked: &[AskNumber],
    ) -> Vec<AskNumber> {
        let mut asks = asked.to_vec();
        let known = self.response(response).into_iter().flat_map(|known| &known.asks);
        asks.extend(known.filter(|ask| !asked.contains(ask)));
        asks
    }

    pub(super) fn before_tools(&self, asks: &[AskNumber], now: Moment) -> BeforeTools {
        let carried = || self.owed.iter().filter(|owed| asks.contains(&owed.ask.number));
        BeforeTools {
            trouble: carried().find_map(|owed| owed.trouble.map(|trouble| trouble.paused(now))),
            follows_refusal: carried().any(|owed| owed.follows_refusal),
        }
    }

    /// When the first pause after a failure is over.
    pub(in crate::call) fn asks_again_at(&self) -> Option<Moment> {
        self.owed.iter().filter_map(|owed| owed.again_at).min()
    }

    /// The asks whose clock counts. One whose response has begun to speak is about to be heard.
    fn in_trouble(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().filter(|owed| {
            owed.trouble.is_some() && !owed.carried_by.as_ref().is_some_and(|by| self.spoke(by))
        })
    }
}

impl Call {
    /// The response to these asks left them unserved. Each is asked for again, or given up.
    pub(super) fn handle_unserved(&mut self, asks: Vec<AskNumber>, why: Unserved, now: Now) {
        let (wanted, unwanted): (Vec<AskNumber>, Vec<AskNumber>) =
            asks.into_iter().partition(|ask| self.is_wanted(*ask));
        for ask in unwanted {
            self.speech.forget(ask);
            self.send(Command::Withdraw(ask));
        }
        let mut next = None;
        for owed in self.speech.owed.iter_mut().filter(|owed| wanted.contains(&owed.ask.number)) {
            owed.carried_by = None;
            if why == Unserved::Failed {
                owed.trouble.get_or_insert_default();
            }
            next = next.max(Some(owed.attempts.note_unserved(why)));
        }
        match next {
            None => {}
            Some(Next::Again(pause)) => {
                let waits = |owed: &&mut Owed| wanted.contains(&owed.ask.number);
                for owed in self.speech.owed.iter_mut().filter(waits) {
                    owed.again_at = Some(now.at + pause);
                }
                self.ask_again(now);
            }
            Some(Next::ApologyLine) => self.say_that_it_cannot_be_answered(&wanted, now),
            Some(Next::NewSession) => self.renew_session(),
            Some(Next::GiveUp) => self.on_no_session(now),
        }
    }

    /// The session is lost, or could not be opened: what waits for it is in trouble from now on.
    pub(in crate::call) fn note_lost_session(&mut self, now: Now) {
        for owed in self.speech.owed.iter_mut().filter(|owed| owed.carried_by.is_none()) {
            owed.attempts.begin_new_session();
            owed.again_at = None;
            owed.trouble.get_or_insert_default();
        }
        self.settle_trouble(now);
    }

    /// Asks again for what has waited long enough.
    pub(in crate::call) fn ask_again(&mut self, now: Now) {
        if !self.session.is_ready() {
            return;
        }
        let due = |owed: &&mut Owed| owed.again_at.is_some_and(|at| at <= now.at);
        let asks: Vec<_> = self.speech.owed.iter_mut().filter(due).map(Owed::next_ask).collect();
        for ask in asks {
            self.send(Command::Ask(ask));
        }
    }

    /// The time that tools take does not count.
    pub(in crate::call) fn settle_trouble(&mut self, now: Now) {
        let tools_run = self.tools.running() > 0;
        for trouble in self.speech.owed.iter_mut().filter_map(|owed| owed.trouble.as_mut()) {
            if tools_run {
                trouble.pause(now.at);
            } else {
                trouble.run(now.at);
            }
        }
    }

    /// When `upstream_patience` is over for the first ask in trouble.
    pub(in crate::call) fn trouble_deadline(&self) -> Option<Moment> {
        let patience = self.setup.upstream_patience;
        self.speech.in_trouble().filter_map(|owed| owed.trouble?.reaches(patience)).min()
    }

    /// Whether an ask is still owed, no other response has spoken for it, and the call has not come
    /// to its last line meanwhile.
    fn is_wanted(&self, ask: AskNumber) -> bool {
        let mut owed = self.speech.owed.iter().filter(|owed| owed.ask.number == ask);
        let is_open =
            owed.any(|owed| !owed.carried_by.as_ref().is_some_and(|by| self.speech.spoke(by)));
        is_open
            && match &self.phase {
                Phase::Open => true,
                Phase::Closing { line: ClosingLine::Awaited { ask: last, .. }, .. } => ask == *last,
                Phase::Closing { line: ClosingLine::Speaking { .. }, .. }
                | Phase::Pausing { .. }
                | Phase::HandingOver { .. }
                | Phase::HangingUp { .. }
                | Phase::Over { .. } => false,
            }
    }

    /// Replaces a session whose responses leave their asks unserved. What is owed is asked for in the
    /// next.
    fn renew_session(&mut self) {
        if let SessionState::Ready { session, .. } = self.session {
            self.send(Command::RenewSession { session, why: Renewal::SaysNothing });
        }
    }

    /// The content filter has stopped the answer: it would stop another. The call goes on.
    fn say_that_it_cannot_be_answered(&mut self, asks: &[AskNumber], now: Now) {
        let apology =
            |owed: &Owed| matches!(owed.ask.want, Want::Line { line: ScriptedLine::NoAnswer, .. });
        let of = |owed: &&Owed| asks.contains(&owed.ask.number);
        let is_apology = self.speech.owed.iter().filter(of).any(apology);
        asks.iter().for_each(|ask| self.send(Command::Withdraw(*ask)));
        self.drop_asks(asks, now);
        if self.phase == Phase::Open && !is_apology {
            let text = self.setup.lines.no_answer.clone();
            let wording = self.wording();
            self.owe(Want::Line { line: ScriptedLine::NoAnswer, text, wording });
        }
    }
}
