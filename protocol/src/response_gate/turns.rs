//! Which turns of the caller a response has seen, so that none is answered twice.

use std::collections::VecDeque;

use crate::ids::{ItemId, ResponseId};

/// Turns remembered, uncovered and covered each. An ask for a turn can come later than the response
/// that has seen it.
const MOST_TURNS: usize = 64;

#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// Committed, and seen by no response yet.
    pub(super) uncovered: Vec<ItemId>,
    /// Seen by a response, oldest first.
    pub(super) covered: VecDeque<(ItemId, ResponseId)>,
}

impl Turns {
    pub(super) fn committed(&mut self, item: ItemId) {
        if self.uncovered.len() < MOST_TURNS {
            self.uncovered.push(item);
        }
    }

    /// The response sees every turn committed so far. Returns those that no other has seen.
    pub(super) fn cover(&mut self, response: &ResponseId) -> Vec<ItemId> {
        let seen = std::mem::take(&mut self.uncovered);
        self.covered.extend(seen.iter().map(|item| (item.clone(), response.clone())));
        let excess = self.covered.len().saturating_sub(MOST_TURNS);
        self.covered.drain(..excess);
        seen
    }

    /// The response has left its asks unserved: the turns it has seen are answered by the next.
    pub(super) fn uncover(&mut self, response: &ResponseId) {
        let covered = std::mem::take(&mut self.covered);
        let (seen, kept) = covered.into_iter().partition(|(_, by)| by == response);
        self.covered = kept;
        let seen: VecDeque<(ItemId, ResponseId)> = seen;
        self.uncovered.splice(0..0, seen.into_iter().map(|(turn, _)| turn));
        self.uncovered.truncate(MOST_TURNS);
    }

    pub(super) fn covered_by(&self, turn: &ItemId) -> Option<&ResponseId> {
        self.covered.iter().find(|(item, _)| item == turn).map(|(_, by)| by)
    }
}
