//! The agent's speech items of the current session, and the corrections that an interruption needs.

use std::collections::VecDeque;

use protocol::call::Interruption;
use protocol::ids::{ItemId, ResponseId};

/// Speech items that are remembered. Older ones were heard long ago.
const MAX_ITEMS: usize = 64;

/// Cancelled responses that are remembered until they are done.
const MAX_CANCELLED: usize = 16;

/// The agent's speech items of the current session.
#[derive(Debug, Default)]
pub(super) struct SpokenItems {
    items: VecDeque<Item>,
    cancelled: VecDeque<Cancelled>,
    /// The latest cut for which CallActor has reported what was heard.
    reported_cut: u64,
}

/// A speech item in OpenAI's conversation.
#[derive(Debug)]
struct Item {
    response: ResponseId,
    item: ItemId,
    /// It was heard whole, truncated or deleted. It needs no further correction.
    settled: bool,
}

/// A cancelled response. When it is done, and CallActor has reported what was heard of it, its
/// unheard items are deleted.
#[derive(Debug)]
struct Cancelled {
    response: ResponseId,
    cut: u64,
    done: bool,
}

/// A change of OpenAI's conversation, so that it holds only what the caller heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Correction {
    /// Only so many milliseconds of the item were heard.
    Truncate(ItemId, u32),
    /// Nothing of the item was heard.
    Delete(ItemId),
}

impl SpokenItems {
    /// A response has created a speech item, or is about to.
    pub(super) fn item_created(&mut self, response: &ResponseId, item: &ItemId) {
        if self.items.iter().any(|known| known.item == *item) {
            return;
        }
        if self.items.len() == MAX_ITEMS {
            self.items.pop_front();
        }
        let (response, item) = (response.clone(), item.clone());
        self.items.push_back(Item { response, item, settled: false });
    }

    /// The response is being cancelled because of this cut.
    pub(super) fn cancelled(&mut self, response: &ResponseId, cut: u64) {
        if self.cancelled.len() == MAX_CANCELLED {
            self.cancelled.pop_front();
        }
        self.cancelled.push_back(Cancelled { response: response.clone(), cut, done: false });
    }

    /// Returns the items to delete: those of a cancelled response can be deleted only now.
    pub(super) fn response_done(&mut self, response: &ResponseId) -> Vec<Correction> {
        if let Some(of) = self.cancelled.iter_mut().find(|of| of.response == *response) {
            of.done = true;
        }
        self.take_unheard_items()
    }

    /// The response is done, and nothing of it can be heard: what it wrote goes (PIPE-9).
    pub(super) fn unspoken(&mut self, response: &ResponseId) -> Vec<Correction> {
        let written =
            self.items.iter_mut().filter(|known| !known.settled && known.response == *response);
        let gone = written.map(|known| {
            known.settled = true;
            Correction::Delete(known.item.clone())
        });
        gone.collect()
    }

    /// CallActor reports what was heard.
    pub(super) fn interrupted(&mut self, interruption: &Interruption) -> Vec<Correction> {
        self.reported_cut = self.reported_cut.max(interruption.number);
        let mut corrections = Vec::new();
        for known in self.items.iter_mut().filter(|known| !known.settled) {
            let running = |of: &Cancelled| of.response == known.response && !of.done;
            match interruption.items.iter().find(|cut| cut.item == known.item) {
                Some(cut) if cut.heard_ms > 0 => {
                    corrections.push(Correction::Truncate(known.item.clone(), cut.heard_ms));
                    known.settled = true;
                }
                // It is deleted when its response is done.
                Some(_) if self.cancelled.iter().any(running) => {}
                Some(_) => {
                    corrections.push(Correction::Delete(known.item.clone()));
                    known.settled = true;
                }
                None => known.settled = interruption.heard.contains(&known.item),
            }
        }
        corrections.extend(self.take_unheard_items());
        corrections
    }

    /// The session's conversation is lost. A new session gets only what was heard.
    pub(super) fn session_lost(&mut self) {
        *self = Self { reported_cut: self.reported_cut, ..Self::default() };
    }

    fn take_unheard_items(&mut self) -> Vec<Correction> {
        let reported = self.reported_cut;
        let (over, open) = std::mem::take(&mut self.cancelled)
            .into_iter()
            .partition::<VecDeque<_>, _>(|of| of.done && of.cut <= reported);
        self.cancelled = open;
        let unheard = self
            .items
            .iter_mut()
            .filter(|known| !known.settled && over.iter().any(|of| of.response == known.response));
        let gone = unheard.map(|known| {
            known.settled = true;
            Correction::Delete(known.item.clone())
        });
        gone.collect()
    }
}
