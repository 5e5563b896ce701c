//! The transcript of a call, in order. It is what the journal keeps, and the history a new session
//! is told.
//!
//! A transcript grows with its call, and the call is copied after every event. So copies share
//! their entries ([`SharedMap`]): neither a copy nor a change costs more at the end of a call than
//! at its beginning.

mod entry;
mod heard;
mod shared_map;

use std::sync::Arc;

use jiff::Timestamp;

pub use entry::{AgentSpeech, Body, Entry, Role, Words};
use heard::heard_bytes;
pub(super) use heard::letters;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared_map::SharedMap;

use crate::ids::ItemId;
use crate::mistake::planted;

/// Entries are numbered from 1. They are never removed or moved; their text may change.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    entries: SharedMap<u32, Arc<Entry>>,
    len: u32,
    /// The entry of each item at OpenAI.
    by_item: SharedMap<ItemId, u32>,
}

impl Conversation {
    /// All entries, in order.
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        (1..=self.len).filter_map(|number| self.entries.get(&number))
    }

    /// The number of the last entry. 0 if there is none.
    pub(super) fn last_number(&self) -> u32 {
        self.len
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The entries that are not, or not the same, in an earlier copy. `None`: all.
    pub(super) fn changed_since(&self, earlier: Option<&Self>) -> Vec<Arc<Entry>> {
        let is_new = |entry: &&Arc<Entry>| {
            let known = earlier.and_then(|earlier| earlier.entries.get(&entry.number));
            known.is_none_or(|known| !Arc::ptr_eq(known, entry))
        };
        self.entries().filter(is_new).cloned().collect()
    }

    pub(super) fn push(&mut self, body: Body, at: Timestamp) -> Arc<Entry> {
        self.len += 1;
        let entry = Arc::new(Entry { number: self.len, at, body });
        if let Some(item) = entry.item() {
            self.by_item.insert(item.clone(), entry.number);
        }
        self.entries.insert(entry.number, Arc::clone(&entry));
        entry
    }

    /// The transcript of a caller's turn. `None` if the item is no turn of the caller's.
    pub(super) fn words_of(&self, turn: &ItemId) -> Option<&Words> {
        match &self.entry_of(turn)?.body {
            Body::Caller { words, .. } => Some(words),
            Body::Agent { .. }
            | Body::Digits(_)
            | Body::Recorded(_)
            | Body::System(_)
            | Body::ToolCall { .. }
            | Body::ToolOutput { .. } => None,
        }
    }

    pub(super) fn entry_of(&self, item: &ItemId) -> Option<&Arc<Entry>> {
        self.entries.get(self.by_item.get(item)?)
    }

    /// Sets the transcript of a caller's turn. Returns the entry if it changed.
    pub(super) fn set_words(&mut self, turn: &ItemId, spoken: Words) -> Option<Arc<Entry>> {
        self.change(turn, |body| {
            let Body::Caller { words, .. } = body else { return false };
            let new = *words != spoken;
            *words = spoken;
            new
        })
    }

    pub(super) fn append_agent(&mut self, item: &ItemId, delta: &str) {
        self.change(item, |body| {
            let Body::Agent { text, speech: AgentSpeech::Coming, .. } = body else { return false };
            text.push_str(delta);
            true
        });
    }

    /// Ends an item of the agent's: with all its words, or (`None`) with those that came.
    pub(super) fn close_agent(&mut self, item: &ItemId, all: Option<String>) -> Option<Arc<Entry>> {
        self.change(item, |body| {
            let Body::Agent { text, speech, .. } = body else { return false };
            if *speech != AgentSpeech::Coming {
                return false;
            }
            *speech = if all.is_some() { AgentSpeech::Whole } else { AgentSpeech::Cut };
            if let Some(all) = all {
                *text = all;
            }
            true
        })
    }

    /// Ends an item whose audio broke off after `came_ms`. All words that are known would take
    /// `whole_ms`. Words that come later are ignored.
    pub(super) fn break_off(
        &mut self,
        item: &ItemId,
        came_ms: u32,
        whole_ms: u32,
    ) -> Option<Arc<Entry>> {
        self.change_uninterrupted(item, |text, speech| {
            text.truncate(heard_bytes(text, came_ms, whole_ms));
            *speech = AgentSpeech::Cut;
            true
        })
    }

    /// Cuts an item of the agent's to what was heard: `heard_ms` of the `whole_ms` that all known words
    /// take. Words that come later are ignored. Returns the entry if some of it was heard, even
    /// less than a word, or if the journal has it already and must be corrected.
    pub(super) fn interrupt_agent(
        &mut self,
        item: &ItemId,
        heard_ms: u32,
        whole_ms: u32,
    ) -> Option<Arc<Entry>> {
        self.change_uninterrupted(item, |text, speech| {
            let written_down = *speech != AgentSpeech::Coming;
            text.truncate(heard_bytes(text, heard_ms, whole_ms));
            *speech = AgentSpeech::Interrupted { heard_ms };
            if planted!(UnheardWords if written_down) {
                false
            } else {
                written_down || heard_ms > 0
            }
        })
    }

    /// Changes words of the agent's that were not interrupted before.
    fn change_uninterrupted(
        &mut self,
        item: &ItemId,
        change: impl FnOnce(&mut String, &mut AgentSpeech) -> bool,
    ) -> Option<Arc<Entry>> {
        self.change(item, |body| {
            let Body::Agent { text, speech, .. } = body else { return false };
            !matches!(speech, AgentSpeech::Interrupted { .. }) && change(text, speech)
        })
    }

    fn change(
        &mut self,
        item: &ItemId,
        change: impl FnOnce(&mut Body) -> bool,
    ) -> Option<Arc<Entry>> {
        let entry = self.entries.get_mut(self.by_item.get(item)?)?;
        change(&mut Arc::make_mut(entry).body).then(|| Arc::clone(entry))
    }
}

/// The entries, in order. The rest follows from them.
impl Serialize for Conversation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries())
    }
}

impl<'de> Deserialize<'de> for Conversation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut conversation = Self::default();
        for Entry { number, at, body } in Vec::deserialize(deserializer)? {
            if conversation.push(body, at).number != number {
                return Err(D::Error::custom(format!("entry {number} is out of its place")));
            }
        }
        Ok(conversation)
    }
}
