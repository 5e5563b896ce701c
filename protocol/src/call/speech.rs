//! Who speaks: the responses that the caller is owed, and how much of each was heard.
//!
//! `owed` asks for responses. `attempts` decides what becomes of unserved asks, and `unserved` does it.
//! `turns` handles what the caller says, and `responses` what the agent says. `interruption` is for both
//! at once, `broken` for speech that broke off.

mod attempts;
mod broken;
mod interruption;
mod owed;
mod responses;
mod resumed;
mod turns;
mod unserved;

use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use interruption::{AgentCut, CutItem, Interruption};
pub(super) use unserved::BeforeTools;

use crate::call::Moment;
use crate::call::ending::MARK_GRACE;
use crate::ids::{ItemId, ResponseId};
use crate::response_gate::AskNumber;
use owed::Owed;

/// Responses that are remembered. Past it, the oldest that is over is forgotten.
const REMEMBERED_RESPONSES: usize = 16;

/// How far the greeting has come (GREET-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Greeting {
    /// Wanted, and none of it has gone to Twilio.
    #[default]
    Pending,
    /// Some of it has gone to Twilio. It is never asked for again.
    Playing,
    /// The caller has heard it, or the business wants none.
    Done,
}

/// What is being said, by both sides.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Speech {
    pub(super) greeting: Greeting,
    pub(super) caller_speaks: bool,
    pub(super) caller_has_spoken: bool,
    owed: Vec<Owed>,
    next_ask: u64,
    responses: Vec<Arc<Response>>,
    /// When items end that were queued before they were heard of, oldest first. The news of an item
    /// comes from two actors.
    queued_early: Vec<(ItemId, Moment)>,
    /// What had been heard of the items under way when the stream was lost. `None` while one is
    /// open.
    stopped: Option<Vec<CutItem>>,
    pub(super) responses_begun: u32,
    /// Responses that a limit or a filter cut short (PROMPT-4).
    pub(super) incomplete: u32,
    /// Answers in a row that were partly heard when their session was lost.
    broken_off: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Response {
    id: ResponseId,
    asks: Vec<AskNumber>,
    items: Vec<AudioItem>,
    /// OpenAI has ended it, or its session is gone.
    done: bool,
    /// The caller interrupted it: nothing more of it is heard.
    interrupted: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct AudioItem {
    item: ItemId,
    /// Some of its audio came.
    began: bool,
    /// When the audio that went to Twilio should have been played.
    plays_until: Option<Moment>,
    /// All of its audio came.
    came_whole: bool,
    /// The length of all its audio, once it is known.
    length_ms: Option<NonZeroU32>,
    /// It was heard to its end, or cut off.
    heard: bool,
    cut: bool,
}

impl Response {
    fn new(id: ResponseId) -> Self {
        Self { id, asks: Vec::new(), items: Vec::new(), done: false, interrupted: false }
    }

    fn spoke(&self) -> bool {
        self.items.iter().any(|item| item.began)
    }

    fn speaks(&self) -> bool {
        self.spoke() && !self.done && !self.interrupted
    }

    /// It is over, it spoke, and the caller has heard all of it.
    fn was_heard_whole(&self) -> bool {
        self.done && self.spoke() && !self.is_unheard()
    }

    /// Some of what it has begun to say is still on its way to the caller.
    fn is_unheard(&self) -> bool {
        self.items.iter().any(|item| item.began && !item.heard)
    }
}

impl AudioItem {
    fn new(item: ItemId) -> Self {
        Self {
            item,
            began: false,
            plays_until: None,
            came_whole: false,
            length_ms: None,
            heard: false,
            cut: false,
        }
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
            queued_early: Vec::new(),
            stopped: None,
            responses_begun: 0,
            incomplete: 0,
            broken_off: 0,
        }
    }
}

impl Speech {
    pub(super) fn owed(&self) -> &[Owed] {
        &self.owed
    }

    pub(super) fn carries(&self, response: &ResponseId, ask: AskNumber) -> bool {
        self.response(response).is_some_and(|known| known.asks.contains(&ask))
    }

    /// When all that the last line has begun to say should have been played, and what comes after it. `None`
    /// while more of it comes.
    pub(super) fn line_plays_until(&self, line: &ResponseId) -> Option<Moment> {
        let line = self.response(line)?;
        let after = self.responses.iter().filter(|known| known.id != line.id && known.is_unheard());
        let all = std::iter::once(line).chain(after.map(|known| &**known));
        let begun = all.flat_map(|known| &known.items).filter(|item| item.began);
        begun.map(|item| item.plays_until).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Whether a response speaks, or is on its way to the caller.
    pub(super) fn more_is_to_be_heard(&self) -> bool {
        self.responses.iter().any(|known| known.speaks() || known.is_unheard())
    }

    /// As [`more_is_to_be_heard`](Self::more_is_to_be_heard), without what should have been heard by now.
    pub(super) fn speaks_until_later_than(&self, now: Moment) -> bool {
        let is_late = |item: &AudioItem| item.plays_until.is_some_and(|at| at + MARK_GRACE <= now);
        let plays = |known: &Response| {
            known.items.iter().any(|item| item.began && !item.heard && !is_late(item))
        };
        self.responses.iter().any(|known| known.speaks() || plays(known))
    }

    pub(super) fn was_heard_whole(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(Response::was_heard_whole)
    }

    pub(super) fn is_unheard(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(Response::is_unheard)
    }

    pub(super) fn is_running(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(|known| !known.done)
    }

    /// Whether no response to this ask has ended yet.
    pub(super) fn is_coming(&self, ask: AskNumber) -> bool {
        let waits = |owed: &Owed| owed.ask.number == ask && owed.carried_by.is_none();
        self.owed.iter().any(waits)
            || self.responses.iter().any(|known| known.asks.contains(&ask) && !known.done)
    }

    /// The response that has spoken for an ask.
    pub(super) fn reply_to(&self, ask: AskNumber) -> Option<ResponseId> {
        let known = self.responses.iter().rev().find(|known| known.asks.contains(&ask))?;
        known.spoke().then(|| known.id.clone())
    }

    /// The items of a response, in order.
    pub(super) fn items_of(&self, response: &ResponseId) -> Vec<ItemId> {
        let known = self.response(response).into_iter();
        known.flat_map(|known| &known.items).map(|item| item.item.clone()).collect()
    }

    /// The first item that should have been heard to its end by now or later, and when.
    pub(super) fn awaits_mark(&self) -> Option<(Moment, ItemId)> {
        (self.responses.iter())
            .flat_map(|known| &known.items)
            .filter(|item| item.began && !item.heard)
            .filter_map(|item| Some((item.plays_until?, item.item.clone())))
            .min_by_key(|(at, _)| *at)
    }

    /// A new stream has opened: what was not heard on the old one is sent again.
    pub(super) fn forget_play_times(&mut self) {
        self.queued_early.clear();
        self.stopped = None;
        for known in &mut self.responses {
            if known.items.iter().any(|item| item.plays_until.is_some()) {
                Arc::make_mut(known).items.iter_mut().for_each(|item| item.plays_until = None);
            }
        }
    }

    pub(super) fn spoke(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(Response::spoke)
    }

    pub(super) fn was_interrupted(&self, response: &ResponseId) -> bool {
        self.response(response).is_some_and(|known| known.interrupted)
    }

    pub(super) fn agent_speaks(&self) -> bool {
        self.responses.iter().any(|known| known.is_unheard())
    }

    pub(super) fn note_whole(&mut self, item: &ItemId, came_ms: u32) {
        if let Some(known) = self.item_mut(item) {
            known.came_whole = true;
            known.length_ms = NonZeroU32::new(came_ms);
        }
    }

    /// The session is lost, and nothing that came of this response has gone to Twilio or will.
    pub(super) fn discard_audio_of(&mut self, response: &ResponseId) {
        if let Some(known) = self.response_mut(response) {
            known.items.iter_mut().for_each(|item| item.began = false);
        }
    }

    fn heard_items(&self) -> impl Iterator<Item = &ItemId> {
        let items = self.responses.iter().flat_map(|known| &known.items);
        items.filter(|item| item.heard && !item.cut).map(|item| &item.item)
    }

    fn response(&self, id: &ResponseId) -> Option<&Response> {
        self.responses.iter().rev().find(|known| known.id == *id).map(|known| &**known)
    }

    fn response_mut(&mut self, id: &ResponseId) -> Option<&mut Response> {
        self.responses.iter_mut().rev().find(|known| known.id == *id).map(Arc::make_mut)
    }

    fn item_mut(&mut self, id: &ItemId) -> Option<&mut AudioItem> {
        let of = |item: &AudioItem| item.item == *id;
        let known = self.responses.iter_mut().rev().find(|known| known.items.iter().any(of))?;
        Arc::make_mut(known).items.iter_mut().find(|item| of(item))
    }

    /// All audio of an item is on its way. It may not be heard of yet.
    fn note_queued(&mut self, item: &ItemId, plays_until: Moment) {
        if let Some(known) = self.item_mut(item) {
            known.plays_until = Some(plays_until);
            return;
        }
        if self.queued_early.len() >= REMEMBERED_RESPONSES {
            self.queued_early.remove(0);
        }
        self.queued_early.push((item.clone(), plays_until));
    }

    fn take_queued_early(&mut self, item: &ItemId) -> Option<Moment> {
        let place = self.queued_early.iter().position(|(early, _)| early == item)?;
        Some(self.queued_early.remove(place).1)
    }

    /// The response as it is remembered. News of one can come in any order from those who saw it.
    fn know(&mut self, id: ResponseId) -> &mut Response {
        let known = self.responses.iter().rposition(|known| known.id == id);
        let place = known.unwrap_or_else(|| {
            self.responses_begun += 1;
            self.responses.push(Arc::new(Response::new(id)));
            if self.responses.len() > REMEMBERED_RESPONSES
                && let Some(oldest) = self.responses.iter().position(|known| known.done)
            {
                self.responses.remove(oldest);
            }
            self.responses.len() - 1
        });
        Arc::make_mut(&mut self.responses[place])
    }
}
