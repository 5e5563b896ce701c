//! Turns and responses: what the caller said, what is owed to them, what the agent says and how much
//! of it was heard.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::command::{Command, Record};
use super::conversation::{AgentSpeech, Body, Words};
use super::ending::Phase;
use super::event::FunctionCall;
use super::session::Session;
use super::{Call, Now};
use crate::business::OpeningLine;
use crate::ids::{ItemId, ResponseId};
use crate::response_gate::{Ask, AskNumber, Outcome, Reply, ScriptedLine, Want, Wording};

/// Responses that are over and wholly heard, kept for what may still refer to them.
const REMEMBERED_RESPONSES: usize = 16;

/// The greeting (GREET-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    /// Wanted, and none of it has gone to Twilio.
    #[default]
    Pending,
    /// Some of it has gone to Twilio: it is never asked for again.
    Playing,
    /// The caller has heard it, or none is wanted.
    Done,
}

/// A response that is owed to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What is wanted.
    pub ask: Ask,
    /// The response that serves it, once one does.
    pub served_by: Option<ResponseId>,
}

/// What is said, by both sides.
#[derive(Debug, Clone)]
pub(super) struct Speech {
    pub(super) greeting: Greeting,
    pub(super) caller_speaks: bool,
    pub(super) caller_has_spoken: bool,
    owed: Vec<Owed>,
    next_ask: u64,
    responses: Vec<Response>,
    pub(super) responses_begun: u32,
}

#[derive(Debug, Clone)]
struct Response {
    id: ResponseId,
    asks: Vec<AskNumber>,
    items: Vec<AudioItem>,
    done: bool,
}

#[derive(Debug, Clone)]
struct AudioItem {
    item: ItemId,
    began: bool,
    plays_until: Option<Instant>,
    came_whole: bool,
    heard: bool,
}

impl AudioItem {
    fn new(item: ItemId) -> Self {
        Self { item, began: false, plays_until: None, came_whole: false, heard: false }
    }
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            greeting: Greeting::Pending,
            caller_speaks: false,
            caller_has_spoken: false,
            owed: Vec::new(),
            next_ask: 1,
            responses: Vec::new(),
            responses_begun: 0,
        }
    }
}

impl Speech {
    pub(super) fn forget(&mut self, ask: AskNumber) {
        self.owed.retain(|owed| owed.ask.number != ask);
    }

    pub(super) fn owed(&self) -> &[Owed] {
        &self.owed
    }

    pub(super) fn serves(&self, response: &ResponseId, ask: AskNumber) -> bool {
        self.response(response).is_some_and(|known| known.asks.contains(&ask))
    }

    /// When the last audio of this response that went to Twilio should have been played.
    pub(super) fn plays_until(&self, response: &ResponseId) -> Option<Instant> {
        self.response(response)?.items.iter().filter_map(|item| item.plays_until).max()
    }

    /// The response is over, it spoke, and the caller has heard all of it.
    pub(super) fn was_heard_whole(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(|known| {
            let mut spoken = known.items.iter().filter(|item| item.began).peekable();
            known.done && spoken.peek().is_some() && spoken.all(|item| item.heard)
        })
    }

    pub(super) fn spoke(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(|known| known.items.iter().any(|item| item.began))
    }

    fn response(&self, id: &ResponseId) -> Option<&Response> {
        self.responses.iter().rev().find(|known| known.id == *id)
    }

    fn response_mut(&mut self, id: &ResponseId) -> Option<&mut Response> {
        self.responses.iter_mut().rev().find(|known| known.id == *id)
    }

    fn item_mut(&mut self, id: &ItemId) -> Option<&mut AudioItem> {
        self.responses.iter_mut().rev().flat_map(|known| &mut known.items).find(|i| i.item == *id)
    }

    pub(super) fn agent_speaks(&self) -> bool {
        self.responses.iter().flat_map(|known| &known.items).any(|item| item.began && !item.heard)
    }

    pub(super) fn came_whole(&mut self, item: &ItemId) {
        if let Some(known) = self.item_mut(item) {
            known.came_whole = true;
        }
    }

    /// Whether a response that broke off leaves something to be said: an answer does, for it may
    /// have been about to call a tool; a line only if some of its audio is missing.
    fn wants_resuming(&self, response: &ResponseId) -> bool {
        let line = self.owed.iter().any(|owed| {
            matches!(owed.ask.want, Want::Line { .. }) && owed.served_by.as_ref() == Some(response)
        });
        let whole = self
            .response(response)
            .is_some_and(|known| known.items.iter().all(|item| item.came_whole || !item.began));
        !(line && whole)
    }

    fn is_greeting(&self, response: &ResponseId) -> bool {
        self.owed.iter().any(|owed| {
            matches!(owed.ask.want, Want::Line { line: ScriptedLine::Greeting, .. })
                && owed.served_by.as_ref() == Some(response)
        })
    }

    fn remember(&mut self, response: Response) {
        self.responses.push(response);
        while self.responses.len() > REMEMBERED_RESPONSES && self.responses[0].done {
            self.responses.remove(0);
        }
    }
}

impl Call {
    pub(super) fn owe_greeting(&mut self, now: Now) {
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
    pub(super) fn owe(&mut self, want: Want) -> AskNumber {
        let number = AskNumber(self.speech.next_ask);
        self.speech.next_ask += 1;
        let ask = Ask { number, want };
        self.speech.owed.push(Owed { ask: ask.clone(), served_by: None });
        if self.session == Session::Ready {
            self.send(Command::Ask(ask));
        }
        number
    }

    pub(super) fn ask_for_what_is_owed(&mut self) {
        let waiting: Vec<Ask> = (self.speech.owed.iter())
            .filter(|owed| owed.served_by.is_none())
            .map(|owed| owed.ask.clone())
            .collect();
        for ask in waiting {
            self.send(Command::Ask(ask));
        }
    }

    pub(super) fn withdraw_what_waits(&mut self) {
        let (waiting, served) = std::mem::take(&mut self.speech.owed)
            .into_iter()
            .partition::<Vec<_>, _>(|owed| owed.served_by.is_none());
        self.speech.owed = served;
        for owed in waiting {
            self.send(Command::Withdraw(owed.ask.number));
        }
    }

    pub(super) fn on_turn_committed(&mut self, item: ItemId, now: Now) {
        if self.conversation.has_item(&item) {
            return;
        }
        self.note_turn(item.clone(), now);
        self.speech.caller_has_spoken = true;
        if self.phase == Phase::Open {
            self.owe(Want::Answer(Reply::Turn(item)));
        }
    }

    pub(super) fn note_turn(&mut self, item: ItemId, now: Now) {
        if !self.conversation.has_item(&item) {
            self.add_entry(Body::Caller { item, words: Words::Awaited }, now);
        }
    }

    pub(super) fn on_turn_transcribed(&mut self, item: &ItemId, text: Option<String>) {
        let words = text.map_or(Words::Unknown, Words::Known);
        if let Some(entry) = self.conversation.set_words(item, words) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }

    pub(super) fn on_response_started(&mut self, response: ResponseId, asks: Vec<AskNumber>) {
        if self.speech.response(&response).is_some() {
            return;
        }
        for owed in &mut self.speech.owed {
            if asks.contains(&owed.ask.number) {
                owed.served_by = Some(response.clone());
            }
        }
        self.speech.responses_begun += 1;
        self.speech.remember(Response { id: response, asks, items: Vec::new(), done: false });
    }

    pub(super) fn on_ask_covered(&mut self, ask: AskNumber, response: &ResponseId) {
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
    pub(super) fn note_agent_item(&mut self, response: ResponseId, item: ItemId, now: Now) {
        if self.conversation.has_item(&item) {
            return;
        }
        if let Some(known) = self.speech.response_mut(&response) {
            known.items.push(AudioItem::new(item.clone()));
        }
        let (text, speech) = (String::new(), AgentSpeech::Coming);
        self.conversation.push(Body::Agent { response, item, text, speech }, now.wall);
    }

    pub(super) fn on_agent_began(&mut self, response: ResponseId, item: ItemId, now: Now) {
        self.note_agent_item(response.clone(), item.clone(), now);
        if let Some(known) = self.speech.item_mut(&item) {
            known.began = true;
        }
        self.last_line_began(&response, now);
    }

    pub(super) fn on_agent_text_done(&mut self, item: &ItemId, text: String) {
        if let Some(entry) = self.conversation.close_agent(item, Some(text)) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }

    pub(super) fn on_item_playing(&mut self, response: &ResponseId, _item: &ItemId, now: Now) {
        let greeting = self.speech.is_greeting(response);
        self.latencies.agent_heard(greeting, now.at);
        if greeting && self.speech.greeting == Greeting::Pending {
            self.speech.greeting = Greeting::Playing;
        }
    }

    pub(super) fn on_item_queued(&mut self, item: &ItemId, plays_until: Instant) {
        if let Some(known) = self.speech.item_mut(item) {
            known.plays_until = Some(plays_until);
        }
    }

    pub(super) fn on_item_played(&mut self, response: &ResponseId, item: &ItemId, now: Now) {
        if let Some(known) = self.speech.item_mut(item) {
            known.heard = true;
        }
        self.look_whether_all_was_heard(response, now);
    }

    pub(super) fn on_response_ended(
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
        self.close_items_of(&response);
        if let Some(known) = self.speech.response_mut(&response) {
            known.done = true;
        }
        if outcome == Outcome::Completed {
            self.on_calls(&response, calls, now);
        }
        if !self.speech.spoke(&response) {
            asks.iter().for_each(|ask| self.speech.forget(*ask));
            self.skip_greeting_if_lost();
            self.last_line_failed(asks, now);
        }
        self.look_whether_all_was_heard(&response, now);
    }

    /// Its session died: what had begun to speak stays as it came, and one response finishes it; what
    /// had not is owed again (RES-2).
    pub(super) fn settle_broken_responses(&mut self, now: Now) {
        self.speech.caller_speaks = false;
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
                if self.phase == Phase::Open && self.speech.wants_resuming(&response) {
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
    pub(super) fn settle_transcript(&mut self) {
        let open: Vec<ResponseId> =
            self.speech.responses.iter().map(|known| known.id.clone()).collect();
        open.iter().for_each(|response| self.close_items_of(response));
    }

    pub(super) fn add_entry(&mut self, body: Body, now: Now) {
        let told = matches!(body, Body::Digits(_) | Body::System(_) | Body::ToolOutput { .. });
        let entry = self.conversation.push(body, now.wall);
        self.send(Command::Record(Record::Turn(entry.clone())));
        if told && self.session == Session::Ready {
            self.send(Command::Tell(entry));
        }
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

    fn look_whether_all_was_heard(&mut self, response: &ResponseId, now: Now) {
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
