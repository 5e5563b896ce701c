//! Which sessions of the simulated OpenAI were whose call's.

use std::collections::{BTreeMap, BTreeSet};

use practice::openai::{Record, Turn};

use crate::chaos::ended::Ended;
use crate::simulate::seen::ModelSide;

/// A session is known by its items: those in a call's transcript are the call's. One that ended before
/// it had any stays unknown.
pub(super) struct Sessions {
    /// The calls, by their place in the story, that have items of each session.
    owners: BTreeMap<u64, BTreeSet<usize>>,
}

impl Sessions {
    pub(super) fn of(ended: &Ended) -> Self {
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for call in &ended.calls {
            let items = call.turns.iter().filter_map(|turn| turn.item_id.as_ref());
            calls.extend(items.map(|item| (item.as_str(), call.index)));
        }
        let mut owners: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        for (session, item) in items(&ended.model) {
            if let Some(call) = calls.get(item) {
                owners.entry(session).or_default().insert(*call);
            }
        }
        Self { owners }
    }

    /// The call of a session, if exactly one is known.
    pub(super) fn owner(&self, session: u64) -> Option<usize> {
        match self.owners.get(&session) {
            Some(calls) if calls.len() == 1 => calls.first().copied(),
            Some(_) | None => None,
        }
    }

    /// The sessions of a call, in order.
    pub(super) fn of_call(&self, call: usize) -> Vec<u64> {
        let ours = self.owners.iter().filter(|(_, calls)| calls.contains(&call));
        ours.map(|(session, _)| *session).collect()
    }

    /// Sessions with items of several calls.
    pub(super) fn shared(&self) -> impl Iterator<Item = (u64, &BTreeSet<usize>)> {
        self.owners
            .iter()
            .filter(|(_, calls)| calls.len() > 1)
            .map(|(session, calls)| (*session, calls))
    }

    /// What the model saw of a call.
    pub(super) fn model_side(&self, model: &Record, call: usize) -> ModelSide {
        ModelSide::of_sessions(model, self.of_call(call))
    }
}

/// Items with their sessions: spoken by either side, or told to a later session.
fn items(model: &Record) -> impl Iterator<Item = (u64, &str)> {
    fn of_turn(turn: &Turn) -> (u64, &str) {
        (turn.session, &turn.item_id)
    }
    let told = model.of_kind("conversation.item.create");
    let told = told.filter_map(|event| Some((event.session, event.body["item"]["id"].as_str()?)));
    model.heard.iter().chain(&model.said).map(of_turn).chain(told)
}
