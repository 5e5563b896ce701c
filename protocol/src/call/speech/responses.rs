//! What the agent says: responses from their first word at OpenAI to the last one heard.

use std::time::Duration;

use super::attempts::Unserved;
use super::unserved::BeforeTools;
use super::{AudioItem, Greeting};
use crate::call::command::{Command, Record};
use crate::call::conversation::{AgentSpeech, Body};
use crate::call::ending::Phase;
use crate::call::event::FunctionCall;
use crate::call::{Call, Moment, Now};
use crate::ids::{ItemId, ResponseId};
use crate::mistake::planted;
use crate::response_gate::{AskNumber, Outcome, Reply, Want};
use crate::tools::arguments;

/// So many answers in a row may be broken off by the loss of their session. Each costs a session.
const BROKEN_OFF_STOOD: u32 = 5;

impl Call {
    pub(in crate::call) fn on_response_started(
        &mut self,
        response: ResponseId,
        asks: Vec<AskNumber>,
    ) {
        self.speech.assign(&asks, &response);
        self.speech.know(response).asks.extend(asks);
    }

    pub(in crate::call) fn on_ask_covered(&mut self, ask: AskNumber, response: &ResponseId) {
        match self.speech.response_mut(response) {
            Some(known) if !known.done => {
                known.asks.push(ask);
                self.speech.assign(&[ask], response);
            }
            Some(_) | None => self.speech.forget(ask),
        }
    }

    /// The response has an item of speech. Its words may come before its audio.
    pub(in crate::call) fn note_agent_item(
        &mut self,
        response: ResponseId,
        item: ItemId,
        now: Now,
    ) {
        if self.conversation.entry_of(&item).is_some() {
            return;
        }
        let mut speech = AgentSpeech::Coming;
        let plays_until = self.speech.take_queued_early(&item);
        if let Some(known) = self.speech.response_mut(&response) {
            known.items.push(AudioItem { plays_until, ..AudioItem::new(item.clone()) });
            if known.interrupted {
                speech = AgentSpeech::Interrupted { heard_ms: 0 };
            }
        }
        let text = String::new();
        self.conversation.push(Body::Agent { response, item, text, speech }, now.wall);
        self.measure_item();
    }

    pub(in crate::call) fn on_agent_began(&mut self, response: ResponseId, item: ItemId, now: Now) {
        self.note_agent_item(response.clone(), item.clone(), now);
        if let Some(known) = self.speech.item_mut(&item) {
            known.began = true;
        }
        self.begin_last_line(&response, now);
    }

    pub(in crate::call) fn on_agent_text_done(&mut self, item: &ItemId, text: String) {
        if let Some(entry) = self.conversation.close_agent(item, Some(text)) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }

    pub(in crate::call) fn on_item_playing(
        &mut self,
        response: &ResponseId,
        item: &ItemId,
        added: Duration,
        now: Now,
    ) {
        self.speech.end_trouble_of(response);
        let greeting = self.speech.is_greeting(response);
        if let Some(waited) = self.latencies.agent_heard(greeting, added, now.at) {
            self.measure_wait(item, waited);
        }
        if greeting && self.speech.greeting == Greeting::Pending {
            self.speech.greeting = Greeting::Playing;
        }
    }

    pub(in crate::call) fn on_item_queued(&mut self, item: &ItemId, plays_until: Moment) {
        self.speech.note_queued(item, plays_until);
    }

    pub(in crate::call) fn on_item_played(&mut self, item: &ItemId) {
        if let Some(known) = self.speech.item_mut(item) {
            known.heard = true;
        }
    }

    pub(in crate::call) fn on_response_ended(
        &mut self,
        response: Option<ResponseId>,
        asks: &[AskNumber],
        outcome: Outcome,
        calls: Vec<FunctionCall>,
        now: Now,
    ) {
        let Some(response) = response else {
            self.end_without_a_word(asks.to_vec(), outcome, now);
            return;
        };
        let asks = self.speech.asks_carried_by(&response, asks);
        let unheard = outcome == Outcome::Cancelled || outcome.served_nothing();
        if unheard || self.speech.was_interrupted(&response) {
            self.drop_what_was_never_said(&response);
        }
        self.close_items_of(&response);
        if let Some(known) = self.speech.response_mut(&response) {
            known.done = true;
        }
        if outcome == Outcome::Incomplete {
            self.speech.incomplete += 1;
        }
        let spoke = self.speech.spoke(&response);
        if spoke && !outcome.served_nothing() {
            self.speech.broken_off = 0;
        }
        let refused = !spoke && calls.iter().all(|call| arguments::read(&call.arguments).is_err());
        let before = self.speech.before_tools(&asks, now.at);
        if matches!(outcome, Outcome::Completed | Outcome::Called) && !calls.is_empty() {
            // One follow-up to a refusal, and no second one.
            let goes_on = !(refused && before.follows_refusal);
            self.on_calls(
                &response,
                calls,
                BeforeTools { follows_refusal: refused, ..before },
                now,
            );
            if !goes_on {
                self.tools.expect_no_answer(&response);
                self.end_without_a_word(asks, Outcome::Unspoken, now);
                return;
            }
        }
        if !spoke {
            self.end_without_a_word(asks, outcome, now);
        }
    }

    /// A response has ended, or was refused, and nothing of it can be heard.
    fn end_without_a_word(&mut self, asks: Vec<AskNumber>, outcome: Outcome, now: Now) {
        let why = match outcome {
            Outcome::Unspoken => Unserved::Unspoken,
            Outcome::OutOfTokens => Unserved::OutOfTokens,
            Outcome::Filtered => Unserved::Filtered,
            Outcome::Failed => Unserved::Failed,
            Outcome::Completed | Outcome::Called | Outcome::Incomplete | Outcome::Cancelled => {
                return self.drop_asks(&asks, now);
            }
        };
        self.handle_unserved(asks, why, now);
    }

    /// These asks are not asked for again.
    pub(super) fn drop_asks(&mut self, asks: &[AskNumber], now: Now) {
        asks.iter().for_each(|ask| self.speech.forget(*ask));
        self.speech.skip_greeting_if_lost();
        self.fail_last_line(asks, now);
    }

    /// The session is gone, and its responses with it. What had begun to speak stays as it came,
    /// and one response finishes it. What had not is owed again (RES-2).
    pub(in crate::call) fn close_broken_responses(&mut self) {
        self.speech.caller_speaks = false;
        let broken: Vec<ResponseId> = (self.speech.responses.iter())
            .filter(|known| !known.done)
            .map(|known| known.id.clone())
            .collect();
        for response in broken {
            let again = planted!(SecondGreeting if self.speech.is_greeting(&response));
            if self.speech.spoke(&response) && !again {
                self.drop_what_was_never_said(&response);
                self.close_items_of(&response);
                if let Some(known) = self.speech.response_mut(&response) {
                    known.done = true;
                }
                let resume = !self.speech.was_interrupted(&response)
                    && self.speech.wants_resuming(&response);
                if self.phase == Phase::Open && resume {
                    self.speech.broken_off += 1;
                    self.owe(Want::Answer(Reply::Resume));
                }
            } else {
                self.drop_what_was_never_said(&response);
                self.speech.responses.retain(|known| known.id != response);
                self.speech.owe_again(&response);
            }
        }
    }

    /// Whether so many answers in a row were broken off that no next one is tried.
    pub(in crate::call) fn breaks_off_too_often(&self) -> bool {
        self.speech.broken_off >= BROKEN_OFF_STOOD
    }

    /// At the end of the call, what was still coming is kept as it came.
    pub(in crate::call) fn close_transcript(&mut self) {
        let open: Vec<ResponseId> =
            self.speech.responses.iter().map(|known| known.id.clone()).collect();
        open.iter().for_each(|response| self.close_items_of(response));
    }

    pub(super) fn close_items_of(&mut self, response: &ResponseId) {
        for item in self.speech.items_of(response) {
            if let Some(entry) = self.conversation.close_agent(&item, None) {
                self.send(Command::Record(Record::Turn(entry)));
            }
        }
    }
}
