//! When a call's snapshot must be written, and what of it (RES-4). The conversation is kept apart from the
//! rest, because it grows with the call: a write has the entries that are new or changed.

use std::sync::Arc;

use super::snapshot::{CallSnapshot, SnapshotError};
use super::{Call, Command, Conversation, Entry};

/// A change of a call's snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotParts {
    /// The state without the conversation, and without commands that mean nothing to another process.
    pub state: CallSnapshot,
    /// Entries of the conversation that are new or changed, in order.
    pub entries: Vec<Arc<Entry>>,
    /// All of them, for the next change.
    pub all: SavedEntries,
}

/// The entries of a conversation that a snapshot had. It shares them with the call.
#[derive(Debug, Clone)]
pub struct SavedEntries(Conversation);

impl Command {
    /// Whether it may be performed only once a snapshot with it is written: another process must not
    /// book a second time, or greet a caller who was told goodbye.
    #[must_use]
    pub fn awaits_the_snapshot(&self) -> bool {
        match self {
            Self::UseCalendar { .. } | Self::HangUp | Self::Transfer => true,
            Self::OpenSession
            | Self::CloseSession
            | Self::Ask(_)
            | Self::RenewSession { .. }
            | Self::Withdraw(_)
            | Self::Replay { .. }
            | Self::Tell(_)
            | Self::Correct(_)
            | Self::Interrupt(_)
            | Self::AwaitQuiet
            | Self::ToolsDone
            | Self::EnsureLead
            | Self::UpdateLead(_)
            | Self::SetLeadStatus(_)
            | Self::Record(_)
            | Self::Apologise
            | Self::CloseStream
            | Self::Finish => false,
        }
    }

    /// Whether another process must know that it was given out.
    fn is_worth_saving(&self) -> bool {
        self.awaits_the_snapshot()
            || matches!(
                self,
                Self::Record(_) | Self::UpdateLead(_) | Self::SetLeadStatus(_) | Self::Apologise
            )
    }
}

impl Call {
    /// Whether an event has changed what must be written at once: the process may die in the next moment, and
    /// the caller must not be greeted again, or hear no end.
    #[must_use]
    pub fn must_be_saved_at_once_after(&self, before: &Call) -> bool {
        self.phase != before.phase
            || self.speech.greeting != before.speech.greeting
            || self.stream.is_open() != before.stream.is_open()
    }

    /// Whether an event has changed something that another process must know. It has some ten times in
    /// a turn, and never for a frame.
    #[must_use]
    pub fn must_be_saved_after(&self, before: &Call) -> bool {
        let asks = |call: &Call| -> Vec<_> {
            call.speech.owed().iter().map(|owed| owed.ask.number).collect()
        };
        self.must_be_saved_at_once_after(before)
            || (self.speech.caller_speaks && !before.speech.caller_speaks)
            || !Arc::ptr_eq(&self.lead, &before.lead)
            || asks(self) != asks(before)
            || (self.outbox.iter()).any(|(number, command)| {
                *number >= before.next_command && command.is_worth_saving()
            })
    }
}

impl CallSnapshot {
    /// What has changed since the snapshot that is written, which had the entries `written`. `None`:
    /// nothing is written yet. `unperformed` are commands that were delivered, and perhaps not performed.
    #[must_use]
    pub fn changes_since(
        self,
        written: Option<&SavedEntries>,
        unperformed: &[(u64, Command)],
    ) -> SnapshotParts {
        let mut state = self;
        let conversation = std::mem::take(&mut state.state.conversation);
        let entries = conversation.changed_since(written.map(|SavedEntries(written)| written));
        state.state.outbox.retain(|(_, command)| command.outlives_the_process());
        let waiting = std::mem::take(&mut state.state.outbox);
        state.state.outbox = unperformed.iter().cloned().chain(waiting).collect();
        SnapshotParts { state, entries, all: SavedEntries(conversation) }
    }

    /// Puts together what was written of a call: the state, and all entries in order.
    ///
    /// # Errors
    /// [`SnapshotError`] if a newer daemon has written it, or it can't be read.
    pub fn from_parts<'a>(
        state: &str,
        entries: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, SnapshotError> {
        let mut snapshot = Self::from_json(state)?;
        let entries: Vec<&str> = entries.into_iter().collect();
        snapshot.state.conversation = super::snapshot::read(&format!("[{}]", entries.join(",")))?;
        Ok(snapshot)
    }
}
