//! Turns and responses: what is owed to the caller, what the agent says and how much of it was heard.
//! What the call does about it is in `turns`.

mod interruption;
mod turns;

use std::time::Instant;

use serde::{Deserialize, Serialize};

pub use interruption::{AgentCut, CutItem, Interruption};

use crate::ids::{ItemId, ResponseId};
use crate::response_gate::{Ask, AskNumber, ScriptedLine, Want};

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
    /// Responses that a limit or a filter cut short (PROMPT-4).
    pub(super) incomplete: u32,
}

#[derive(Debug, Clone)]
struct Response {
    id: ResponseId,
    asks: Vec<AskNumber>,
    items: Vec<AudioItem>,
    done: bool,
    /// The caller talked over it: nothing more of it is heard.
    interrupted: bool,
}

#[derive(Debug, Clone)]
struct AudioItem {
    item: ItemId,
    began: bool,
    plays_until: Option<Instant>,
    came_whole: bool,
    /// It is over: heard to its end, or cut off.
    heard: bool,
    cut: bool,
}

impl Response {
    fn new(id: ResponseId) -> Self {
        Self { id, asks: Vec::new(), items: Vec::new(), done: false, interrupted: false }
    }
}

impl AudioItem {
    fn new(item: ItemId) -> Self {
        Self { item, began: false, plays_until: None, came_whole: false, heard: false, cut: false }
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
            incomplete: 0,
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

    /// Whether what was asked for has not been made to its end.
    pub(super) fn is_coming(&self, ask: AskNumber) -> bool {
        let waits = |owed: &Owed| owed.ask.number == ask && owed.served_by.is_none();
        self.owed.iter().any(waits)
            || self.responses.iter().any(|known| known.asks.contains(&ask) && !known.done)
    }

    /// The response that has spoken for an ask.
    pub(super) fn reply_to(&self, ask: AskNumber) -> Option<ResponseId> {
        let known = self.responses.iter().rev().find(|known| known.asks.contains(&ask))?;
        self.spoke(&known.id).then(|| known.id.clone())
    }

    /// Whether some of what this response has begun to say was not heard yet.
    pub(super) fn is_unheard(&self, response: &ResponseId) -> bool {
        self.response(response)
            .is_some_and(|known| known.items.iter().any(|item| item.began && !item.heard))
    }

    /// The first item that should have been heard to its end, and when.
    pub(super) fn awaits_mark(&self) -> Option<(Instant, ResponseId, ItemId)> {
        (self.responses.iter())
            .flat_map(|known| known.items.iter().map(|item| (&known.id, item)))
            .filter(|(_, item)| item.began && !item.heard)
            .filter_map(|(id, item)| Some((item.plays_until?, id.clone(), item.item.clone())))
            .min_by_key(|(at, ..)| *at)
    }

    /// A new stream has opened: what was not heard on the old one is sent again.
    pub(super) fn is_sent_again(&mut self) {
        for item in self.responses.iter_mut().flat_map(|known| &mut known.items) {
            item.plays_until = None;
        }
    }

    pub(super) fn spoke(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(|known| known.items.iter().any(|item| item.began))
    }

    pub(super) fn was_interrupted(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(|known| known.interrupted)
    }

    fn heard_items(&self) -> impl Iterator<Item = &ItemId> {
        let items = self.responses.iter().flat_map(|known| &known.items);
        items.filter(|item| item.heard && !item.cut).map(|item| &item.item)
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
