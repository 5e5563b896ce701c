//! How long things in the conversation took, for the record (OPS-3): each answer's wait, each turn's length.
//!
//! Nothing is decided by it, so it is in no snapshot. It is kept until the journal has it: only the newest
//! entries are remembered.

use std::time::Duration;

use super::command::{Command, Record};
use super::conversation::{AgentSpeech, Body, Entry};
use super::{Call, Moment};
use crate::ids::ItemId;

/// Entries whose measures are remembered. The words of an entry come within the next few.
const MOST_MEASURED: usize = 8;

/// How long an entry of the conversation took. Each is `None` if it is not known, or not known any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// Of an answer: from the end of the caller's turn to its first audio to Twilio.
    pub waited: Option<Duration>,
    /// Of speech: its whole length, however much of it was heard.
    pub lasts: Option<Duration>,
}

/// A copy of it allocates nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measures {
    /// By the entry's number, each in the place of an older one.
    newest: [(u32, Measured); MOST_MEASURED],
    caller_began: Option<Moment>,
    caller_spoke: Option<Duration>,
    /// The wait for an item that plays before its own news has come.
    early: Option<Duration>,
}

impl Measures {
    pub(super) fn caller_began(&mut self, now: Moment) {
        self.caller_began = Some(now);
    }

    pub(super) fn caller_stopped(&mut self, now: Moment) {
        let began = self.caller_began.take();
        self.caller_spoke = began.map(|began| now.saturating_duration_since(began));
    }

    fn of(&mut self, number: u32) -> &mut Measured {
        let place = &mut self.newest[number as usize % MOST_MEASURED];
        if place.0 != number {
            *place = (number, Measured::default());
        }
        &mut place.1
    }
}

impl Call {
    /// What is known of how long an entry took. Older ones are forgotten: the journal has them.
    #[must_use]
    pub fn measured(&self, entry: &Entry) -> Measured {
        let (number, measured) = self.measures.newest[entry.number as usize % MOST_MEASURED];
        if number == entry.number { measured } else { Measured::default() }
    }

    /// The next entry is the caller's turn.
    pub(super) fn measure_turn(&mut self) {
        let lasts = self.measures.caller_spoke.take();
        self.measures.of(self.conversation.last_number() + 1).lasts = lasts;
    }

    /// The last entry is an item of the agent's, which may already play.
    pub(super) fn measure_item(&mut self) {
        let waited = self.measures.early.take();
        self.measures.of(self.conversation.last_number()).waited = waited;
    }

    pub(super) fn measure_wait(&mut self, item: &ItemId, waited: Duration) {
        let Some(entry) = self.conversation.entry_of(item).cloned() else {
            self.measures.early = Some(waited);
            return;
        };
        self.measures.of(entry.number).waited = Some(waited);
        if !matches!(entry.body, Body::Agent { speech: AgentSpeech::Coming, .. }) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }

    /// The journal gets the length with the words.
    pub(super) fn measure_length(&mut self, item: &ItemId, came_ms: u32) {
        if let Some(number) = self.conversation.entry_of(item).map(|entry| entry.number) {
            self.measures.of(number).lasts = Some(Duration::from_millis(came_ms.into()));
        }
    }
}
