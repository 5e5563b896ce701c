//! What the agent said in the present session, as far as it may have to be taken back.

use std::collections::VecDeque;

use protocol::call::Interruption;
use protocol::ids::{ItemId, ResponseId};

/// Items of speech remembered; what is older was heard long ago.
const MOST_ITEMS: usize = 64;

/// Cancelled responses remembered until they are done.
const MOST_CANCELLED: usize = 16;

/// What the agent said in the present session, as far as it may have to be taken back.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    items: VecDeque<Item>,
    cancelled: VecDeque<Cancelled>,
    /// The last cut of which the call has said what was heard.
    told: u64,
}

/// An item of the agent's speech in OpenAI's conversation.
#[derive(Debug)]
struct Item {
    response: ResponseId,
    item: ItemId,
    /// It was heard whole, was cut, or was taken out: nothing more is done to it.
    settled: bool,
}

/// A response that was cancelled. Once it is done and the call has said what was heard of it, the
/// rest of what it made goes.
#[derive(Debug)]
struct Cancelled {
    response: ResponseId,
    cut: u64,
    done: bool,
}

/// Something to be taken back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// Only so many milliseconds of it were heard.
    Truncate(ItemId, u32),
    /// Nothing of it was heard.
    Delete(ItemId),
}

impl Spoken {
    /// A response has made an item of speech, or is about to.
    pub(super) fn made(&mut self, response: &ResponseId, item: &ItemId) {
        if self.items.iter().any(|known| known.item == *item) {
            return;
        }
        if self.items.len() == MOST_ITEMS {
            self.items.pop_front();
        }
        let (response, item) = (response.clone(), item.clone());
        self.items.push_back(Item { response, item, settled: false });
    }

    /// The response is being cancelled, because of this cut.
    pub(super) fn cancelled(&mut self, response: &ResponseId, cut: u64) {
        if self.cancelled.len() == MOST_CANCELLED {
            self.cancelled.pop_front();
        }
        self.cancelled.push_back(Cancelled { response: response.clone(), cut, done: false });
    }

    /// The response is over.
    pub(super) fn done(&mut self, response: &ResponseId) -> Vec<Undo> {
        if let Some(of) = self.cancelled.iter_mut().find(|of| of.response == *response) {
            of.done = true;
        }
        self.take_what_nobody_heard()
    }

    /// The call says what was heard.
    pub(super) fn interrupted(&mut self, interruption: &Interruption) -> Vec<Undo> {
        self.told = self.told.max(interruption.number);
        let mut undone = Vec::new();
        for known in self.items.iter_mut().filter(|known| !known.settled) {
            let running = |of: &Cancelled| of.response == known.response && !of.done;
            match interruption.items.iter().find(|cut| cut.item == known.item) {
                Some(cut) if cut.heard_ms > 0 => {
                    undone.push(Undo::Truncate(known.item.clone(), cut.heard_ms));
                    known.settled = true;
                }
                // It goes when its response is done.
                Some(_) if self.cancelled.iter().any(running) => {}
                Some(_) => {
                    undone.push(Undo::Delete(known.item.clone()));
                    known.settled = true;
                }
                None => known.settled = interruption.heard.contains(&known.item),
            }
        }
        undone.extend(self.take_what_nobody_heard());
        undone
    }

    /// Its conversation is gone with the session; the next one is told what was heard.
    pub(super) fn session_lost(&mut self) {
        *self = Self { told: self.told, ..Self::default() };
    }

    fn take_what_nobody_heard(&mut self) -> Vec<Undo> {
        let told = self.told;
        let (over, open) = std::mem::take(&mut self.cancelled)
            .into_iter()
            .partition::<VecDeque<_>, _>(|of| of.done && of.cut <= told);
        self.cancelled = open;
        let unheard = self
            .items
            .iter_mut()
            .filter(|known| !known.settled && over.iter().any(|of| of.response == known.response));
        let gone = unheard.map(|known| {
            known.settled = true;
            Undo::Delete(known.item.clone())
        });
        gone.collect()
    }
}
