//! What a call does about turns and responses.

use std::time::{Duration, Instant};

use super::{AudioItem, Greeting, Owed, Response};
use crate::business::OpeningLine;
use crate::call::command::{Command, Record};
use crate::call::conversation::{AgentSpeech, Body, Words};
use crate::call::ending::Phase;
use crate::call::event::FunctionCall;
use crate::call::session::Session;
use crate::call::{Call, Now};
use crate::ids::{ItemId, ResponseId};
use crate::response_gate::{Ask, AskNumber, Outcome, Reply, ScriptedLine, Want, Wording};

impl Call {
    pub(in crate::call) fn owe_greeting(&mut self, now: Now) {
        match self.setup.opening.clone() {
            OpeningLine::Spoken { text } => {
                self.owe(Want::Line {
                    line: ScriptedLine::Greeting,
                    text,
                    wording: Wording::Exact,
                });
            }
            OpeningLine::Played { text, .. } => {
                self.speech.greeting = Greeting::Done;
                self.add_entry(Body::Recorded(text), now);
            }
            OpeningLine::Silent => self.speech.greeting = Greeting::Done,
        }
    }

    /// Notes that a response is owed, and asks for it as soon as there is a session.
    pub(in crate::call) fn owe(&mut self, want: Want) -> AskNumber {
        let number = AskNumber(self.speech.next_ask);
        self.speech.next_ask += 1;
        let ask = Ask { number, want };
        self.speech.owed.push(Owed { ask: ask.clone(), served_by: None });
        if self.session == Session::Ready {
            self.send(Command::Ask(ask));
        }
        number
    }

    pub(in crate::call) fn ask_for_what_is_owed(&mut self) {
        let waiting: Vec<Ask> = (self.speech.owed.iter())
            .filter(|owed| owed.served_by.is_none())
            .map(|owed| owed.ask.clone())
            .collect();
        for ask in waiting {
            self.send(Command::Ask(ask));
        }
    }

    pub(in crate::call) fn withdraw_what_waits(&mut self) {
        let (waiting, served) = std::mem::take(&mut self.speech.owed)
            .into_iter()
            .partition::<Vec<_>, _>(|owed| owed.served_by.is_none());
        self.speech.owed = served;
        for owed in waiting {
            self.send(Command::Withdraw(owed.ask.number));
        }
    }

    /// Takes back an ask that nothing has begun to serve.
    pub(in crate::call) fn withdraw(&mut self, ask: AskNumber) {
        if self.speech.owed.iter().any(|owed| owed.ask.number == ask && owed.served_by.is_none()) {
            self.speech.forget(ask);
            self.send(Command::Withdraw(ask));
        }
    }

    pub(in crate::call) fn on_turn_committed(&mut self, item: ItemId, now: Now) {
        if self.conversation.has_item(&item) {
            return;
        }
        self.note_turn(item.clone(), now);
        self.speech.caller_has_spoken = true;
        self.take_turn(item, now);
    }

    pub(in crate::call) fn note_turn(&mut self, item: ItemId, now: Now) {
        if !self.conversation.has_item(&item) {
            self.add_entry(Body::Caller { item, words: Words::Awaited }, now);
        }
    }

    pub(in crate::call) fn on_turn_transcribed(
        &mut self,
        item: &ItemId,
        text: Option<String>,
        now: Now,
    ) {
        let words = text.clone().map_or(Words::Unknown, Words::Known);
        if let Some(entry) = self.conversation.set_words(item, words) {
            self.send(Command::Record(Record::Turn(entry)));
            self.take_words(item, text.as_deref(), now);
        }
    }

    pub(in crate::call) fn on_response_started(
        &mut self,
        response: ResponseId,
        asks: Vec<AskNumber>,
    ) {
        for owed in &mut self.speech.owed {
            if asks.contains(&owed.ask.number) {
                owed.served_by = Some(response.clone());
            }
        }
        self.know_response(response).asks.extend(asks);
    }

    pub(in crate::call) fn on_ask_covered(&mut self, ask: AskNumber, response: &ResponseId) {
        match self.speech.response_mut(response) {
            Some(known) if !known.done => {
                known.asks.push(ask);
                for owed in &mut self.speech.owed {
                    if owed.ask.number == ask {
                        owed.served_by = Some(response.clone());
                    }
                }
            }
            Some(_) | None => self.speech.forget(ask),
        }
    }

    /// The response has an item of speech; its words may come before its audio.
    pub(in crate::call) fn note_agent_item(
        &mut self,
        response: ResponseId,
        item: ItemId,
        now: Now,
    ) {
        if self.conversation.has_item(&item) {
            return;
        }
        let mut speech = AgentSpeech::Coming;
        if let Some(known) = self.speech.response_mut(&response) {
            known.items.push(AudioItem::new(item.clone()));
            if known.interrupted {
                speech = AgentSpeech::Interrupted { heard_ms: 0 };
            }
        }
        let text = String::new();
        self.conversation.push(Body::Agent { response, item, text, speech }, now.wall);
    }

    pub(in crate::call) fn on_agent_began(&mut self, response: ResponseId, item: ItemId, now: Now) {
        self.note_agent_item(response.clone(), item.clone(), now);
        if let Some(known) = self.speech.item_mut(&item) {
            known.began = true;
        }
        self.last_line_began(&response, now);
    }

    pub(in crate::call) fn on_agent_text_done(&mut self, item: &ItemId, text: String) {
        if let Some(entry) = self.conversation.close_agent(item, Some(text)) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }

    pub(in crate::call) fn on_item_playing(
        &mut self,
        response: &ResponseId,
        added: Duration,
        now: Now,
    ) {
        let greeting = self.speech.is_greeting(response);
        self.latencies.agent_heard(greeting, added, now.at);
        if greeting && self.speech.greeting == Greeting::Pending {
            self.speech.greeting = Greeting::Playing;
        }
    }

    pub(in crate::call) fn on_item_queued(&mut self, item: &ItemId, plays_until: Instant) {
        if let Some(known) = self.speech.item_mut(item) {
            known.plays_until = Some(plays_until);
        }
    }

    pub(in crate::call) fn on_item_played(
        &mut self,
        response: &ResponseId,
        item: &ItemId,
        now: Now,
    ) {
        if let Some(known) = self.speech.item_mut(item) {
            known.heard = true;
        }
        self.look_whether_all_was_heard(response, now);
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
            asks.iter().for_each(|ask| self.speech.forget(*ask));
            self.skip_greeting_if_lost();
            self.last_line_failed(asks, now);
            return;
        };
        if outcome == Outcome::Cancelled || self.speech.was_interrupted(&response) {
            self.drop_what_was_never_said(&response);
        }
        self.close_items_of(&response);
        if let Some(known) = self.speech.response_mut(&response) {
            known.done = true;
        }
        if outcome == Outcome::Incomplete {
            self.speech.incomplete += 1;
        }
        if outcome == Outcome::Completed {
            self.on_calls(&response, calls, now);
        }
        self.look_whether_the_farewell_is_judged();
        if !self.speech.spoke(&response) {
            asks.iter().for_each(|ask| self.speech.forget(*ask));
            self.skip_greeting_if_lost();
            self.last_line_failed(asks, now);
        }
        self.look_whether_all_was_heard(&response, now);
    }

    /// Its session died: what had begun to speak stays as it came, and one response finishes it; what
    /// had not is owed again (RES-2).
    pub(in crate::call) fn settle_broken_responses(&mut self, now: Now) {
        self.speech.caller_speaks = false;
        self.look_whether_the_farewell_is_judged();
        let broken: Vec<ResponseId> = (self.speech.responses.iter())
            .filter(|known| !known.done)
            .map(|known| known.id.clone())
            .collect();
        for response in broken {
            if self.speech.spoke(&response) {
                self.close_items_of(&response);
                if let Some(known) = self.speech.response_mut(&response) {
                    known.done = true;
                }
                let resume = !self.speech.was_interrupted(&response)
                    && self.speech.wants_resuming(&response);
                if self.phase == Phase::Open && resume {
                    self.owe(Want::Answer(Reply::Resume));
                }
                self.look_whether_all_was_heard(&response, now);
            } else {
                self.speech.responses.retain(|known| known.id != response);
                for owed in &mut self.speech.owed {
                    if owed.served_by.as_ref() == Some(&response) {
                        owed.served_by = None;
                    }
                }
            }
        }
    }

    /// At the end of the call whatever was still coming is kept as it came.
    pub(in crate::call) fn settle_transcript(&mut self) {
        let open: Vec<ResponseId> =
            self.speech.responses.iter().map(|known| known.id.clone()).collect();
        open.iter().for_each(|response| self.close_items_of(response));
    }

    pub(in crate::call) fn add_entry(&mut self, body: Body, now: Now) {
        let told = matches!(body, Body::Digits(_) | Body::System(_) | Body::ToolOutput { .. });
        let entry = self.conversation.push(body, now.wall);
        self.send(Command::Record(Record::Turn(entry.clone())));
        if told && self.session == Session::Ready {
            self.send(Command::Tell(entry));
        }
    }

    /// The response as it is remembered. News of it can come in any order from those who saw it.
    pub(super) fn know_response(&mut self, id: ResponseId) -> &mut Response {
        let known = self.speech.responses.iter().rposition(|known| known.id == id);
        let place = known.unwrap_or_else(|| {
            self.speech.responses_begun += 1;
            self.speech.remember(Response::new(id));
            self.speech.responses.len() - 1
        });
        &mut self.speech.responses[place]
    }

    fn close_items_of(&mut self, response: &ResponseId) {
        let items: Vec<ItemId> = (self.speech.response(response).into_iter())
            .flat_map(|known| known.items.iter().map(|item| item.item.clone()))
            .collect();
        for item in items {
            if let Some(entry) = self.conversation.close_agent(&item, None) {
                self.send(Command::Record(Record::Turn(entry)));
            }
        }
    }

    pub(in crate::call) fn look_whether_all_was_heard(&mut self, response: &ResponseId, now: Now) {
        if self.speech.was_heard_whole(response) {
            if self.speech.is_greeting(response) {
                self.speech.greeting = Greeting::Done;
            }
            self.speech.owed.retain(|owed| owed.served_by.as_ref() != Some(response));
        }
        self.look_whether_the_last_line_was_heard(now);
    }

    fn skip_greeting_if_lost(&mut self) {
        let owed =
            self.speech.owed.iter().any(|owed| {
                matches!(owed.ask.want, Want::Line { line: ScriptedLine::Greeting, .. })
            });
        if !owed && self.speech.greeting == Greeting::Pending {
            self.speech.greeting = Greeting::Done;
        }
    }
}
