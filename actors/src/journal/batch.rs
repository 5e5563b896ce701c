//! How many entries are written in one transaction.

use crate::messages::{EntryKind, JournalEntry};

/// Entries in one transaction.
pub(super) const MOST: usize = 64;
/// Their bytes. A larger one comes alone.
pub(super) const MOST_BYTES: usize = 256 * 1024;
/// An entry without its text, about.
const BESIDES_TEXT: usize = 512;
/// The state of a call without its conversation, about.
const SNAPSHOT_STATE: usize = 3 * 1024;

/// The size of the next batch. A batch that fails halves it, and one that is written doubles it: so a
/// slow database gets batches that it can write in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSize(usize);

impl Default for BatchSize {
    fn default() -> Self {
        Self(MOST)
    }
}

impl BatchSize {
    pub(super) fn written(&mut self) {
        self.0 = (self.0 * 2).min(MOST);
    }

    pub(super) fn failed(&mut self) {
        self.0 = (self.0 / 2).max(1);
    }

    /// To be asked for one entry after another, with its bytes: whether there is room for it too.
    pub(super) fn room(self) -> impl FnMut(usize) -> bool {
        let (mut entries, mut bytes) = (0, 0);
        move |more| {
            entries += 1;
            bytes += more;
            entries <= self.0 && bytes <= MOST_BYTES
        }
    }
}

impl JournalEntry {
    /// About as many as on disk.
    pub(super) fn bytes(&self) -> usize {
        let text = match &self.kind {
            EntryKind::Turn(turn) => turn.text.as_ref().map_or(0, String::len),
            EntryKind::Person(person) => {
                let values = person.changes.iter().flat_map(|changes| changes.fields.values());
                values.map(String::len).sum()
            }
            EntryKind::Snapshot(change) => {
                let texts = change.entries.iter().filter_map(|entry| entry.text());
                SNAPSHOT_STATE
                    + change.setup.as_ref().map_or(0, |setup| 2 * setup.instructions.len())
                    + texts.map(|text| text.len() + BESIDES_TEXT).sum::<usize>()
            }
            EntryKind::Closed
            | EntryKind::Started(_)
            | EntryKind::Lead(_)
            | EntryKind::Progress(_)
            | EntryKind::Ended(_)
            | EntryKind::Reported(_)
            | EntryKind::Refused(_) => 0,
        };
        BESIDES_TEXT + text
    }
}
