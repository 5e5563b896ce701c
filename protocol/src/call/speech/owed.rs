//! The responses that the caller is owed.
//!
//! - *Carried*: a response has begun for the ask.
//! - *Served*: some of that response's audio came, or it called an offered tool.
//! - *Settled*, no longer owed: it was heard to its end, or nobody waits for it any more.

use serde::{Deserialize, Serialize};

use super::attempts::Attempts;
use super::unserved::BeforeTools;
use super::{Greeting, Response, Speech};
use crate::business::OpeningLine;
use crate::call::command::Command;
use crate::call::stopwatch::Stopwatch;
use crate::call::{Call, Moment};
use crate::ids::ResponseId;
use crate::response_gate::{Ask, AskNumber, Manner, Reply, ScriptedLine, Want, Wording};

/// A response that is owed to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::call) struct Owed {
    pub(in crate::call) ask: Ask,
    /// The response that has begun for it. `None` until then, and again once that one is lost or has
    /// left it unserved.
    pub(in crate::call) carried_by: Option<ResponseId>,
    pub(super) attempts: Attempts,
    /// When to ask again, after a failure.
    pub(super) again_at: Option<Moment>,
    /// Counts since the first failure. It stands while tools run.
    pub(super) trouble: Option<Stopwatch>,
    /// It is to answer tool calls that were all refused because they could not be read.
    pub(super) follows_refusal: bool,
}

impl Owed {
    fn new(ask: Ask) -> Self {
        Self {
            ask,
            carried_by: None,
            attempts: Attempts::default(),
            again_at: None,
            trouble: None,
            follows_refusal: false,
        }
    }

    /// The ask, as it is to be asked for now.
    pub(super) fn next_ask(&mut self) -> Ask {
        self.again_at = None;
        self.ask.manner = self.attempts.manner();
        self.ask.clone()
    }

    pub(super) fn is_greeting(&self) -> bool {
        matches!(self.ask.want, Want::Line { line: ScriptedLine::Greeting, .. })
    }
}

impl Speech {
    pub(in crate::call) fn forget(&mut self, ask: AskNumber) {
        self.owed.retain(|owed| owed.ask.number != ask);
    }

    /// Notes that the response carries these asks. An ask stays with a response that has spoken, so
    /// that what was heard is not owed again.
    pub(super) fn assign(&mut self, asks: &[AskNumber], response: &ResponseId) {
        let served = |owed: &Owed| owed.carried_by.as_ref().is_some_and(|by| self.spoke(by));
        let kept: Vec<AskNumber> =
            self.owed.iter().filter(|owed| served(owed)).map(|owed| owed.ask.number).collect();
        for owed in &mut self.owed {
            if asks.contains(&owed.ask.number) && !kept.contains(&owed.ask.number) {
                owed.carried_by = Some(response.clone());
                // A response to what counted as failed may come after all.
                owed.again_at = None;
            }
        }
    }

    /// The response is lost: nobody carries its asks any more.
    pub(super) fn owe_again(&mut self, response: &ResponseId) {
        for owed in &mut self.owed {
            owed.carried_by.take_if(|by| by == response);
        }
    }

    pub(super) fn is_greeting(&self, response: &ResponseId) -> bool {
        let mut carried =
            self.owed.iter().filter(|owed| owed.carried_by.as_ref() == Some(response));
        carried.any(Owed::is_greeting)
    }

    /// Whether a response that broke off leaves something to be said. An answer does: it may have
    /// been about to call a tool. A line does only if some of its audio is missing.
    pub(super) fn wants_resuming(&self, response: &ResponseId) -> bool {
        let line = self.owed.iter().any(|owed| {
            matches!(owed.ask.want, Want::Line { .. }) && owed.carried_by.as_ref() == Some(response)
        });
        let whole = self
            .response(response)
            .is_some_and(|known| known.items.iter().all(|item| item.came_whole || !item.began));
        !(line && whole)
    }

    /// Nobody says it any more.
    pub(in crate::call) fn forget_greeting(&mut self) {
        self.owed.retain(|owed| !owed.is_greeting());
        self.greeting = Greeting::Done;
    }

    /// A greeting that is not owed any more without having begun is not spoken.
    pub(super) fn skip_greeting_if_lost(&mut self) {
        if self.greeting == Greeting::Pending && !self.owed.iter().any(Owed::is_greeting) {
            self.greeting = Greeting::Done;
        }
    }
}

impl Call {
    pub(in crate::call) fn owe_greeting(&mut self) {
        match self.setup.opening.clone() {
            OpeningLine::Spoken { text } => self.owe_spoken_greeting(text),
            OpeningLine::Played { .. } | OpeningLine::Silent => {
                self.speech.greeting = Greeting::Done;
            }
        }
    }

    pub(in crate::call) fn owe_spoken_greeting(&mut self, text: String) {
        self.speech.greeting = Greeting::Pending;
        self.owe(Want::Line { line: ScriptedLine::Greeting, text, wording: Wording::Exact });
    }

    /// Notes that a response is owed. It is asked for as soon as there is a session.
    pub(in crate::call) fn owe(&mut self, want: Want) -> AskNumber {
        let number = AskNumber(self.speech.next_ask);
        self.speech.next_ask += 1;
        let ask = Ask { number, want, manner: Manner::default() };
        self.speech.owed.push(Owed::new(ask.clone()));
        if self.session.is_ready() {
            self.send(Command::Ask(ask));
        }
        number
    }

    /// Notes that tools' outputs are to be answered. What failed before the tools were called goes
    /// on counting.
    pub(in crate::call) fn owe_tool_output(&mut self, before: &BeforeTools) {
        let number = self.owe(Want::Answer(Reply::ToolOutput));
        if let Some(owed) = self.speech.owed.iter_mut().find(|owed| owed.ask.number == number) {
            owed.trouble = before.trouble;
            owed.follows_refusal = before.follows_refusal;
        }
    }

    pub(in crate::call) fn ask_for_what_is_owed(&mut self) {
        let waiting = self.speech.owed.iter_mut().filter(|owed| owed.carried_by.is_none());
        let asks: Vec<Ask> = waiting.map(Owed::next_ask).collect();
        for ask in asks {
            self.send(Command::Ask(ask));
        }
    }

    /// Withdraws every ask that no response carries.
    pub(in crate::call) fn withdraw_what_waits(&mut self) {
        let waiting: Vec<Owed> =
            self.speech.owed.extract_if(.., |owed| owed.carried_by.is_none()).collect();
        for owed in waiting {
            self.send(Command::Withdraw(owed.ask.number));
        }
    }

    /// Withdraws an ask, unless a response carries it.
    pub(in crate::call) fn withdraw(&mut self, ask: AskNumber) {
        if self.speech.owed.iter().any(|owed| owed.ask.number == ask && owed.carried_by.is_none()) {
            self.speech.forget(ask);
            self.send(Command::Withdraw(ask));
        }
    }

    /// The caller has cut what was to be finished. What they say is answered instead.
    pub(super) fn withdraw_resuming(&mut self) {
        let resumes = |owed: &&Owed| owed.ask.want == Want::Answer(Reply::Resume);
        let asks: Vec<AskNumber> =
            self.speech.owed.iter().filter(resumes).map(|owed| owed.ask.number).collect();
        asks.into_iter().for_each(|ask| self.withdraw(ask));
    }

    /// What was heard to its end is owed no longer.
    pub(in crate::call) fn settle_owed(&mut self) {
        let Speech { owed, responses, greeting, .. } = &mut self.speech;
        let heard = |id: &ResponseId| {
            let known = responses.iter().rev().find(|known| known.id == *id);
            known.is_some_and(|known| Response::was_heard_whole(known))
        };
        owed.retain(|owed| {
            let heard = owed.carried_by.as_ref().is_some_and(heard);
            if heard && owed.is_greeting() {
                *greeting = Greeting::Done;
            }
            !heard
        });
    }
}
