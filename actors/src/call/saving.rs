//! The call's snapshot in the database (RES-4, invariant 17). CallActor gives a change of it to the journal after
//! each event that another process must know of, behind the records of that event. What happens outside
//! and can't be taken back, such as a booking or a hang-up, waits until the snapshot with it is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::call::{Call, Command, Phase, SavedEntries};

use crate::call_parts::CallParts;
use crate::messages::{EntryKind, JournalEntry, SnapshotOfCall};
use crate::saved::Saved;

/// How long a command waits for its snapshot. A database that takes longer does not hold up the call.
pub(super) const SAVE_PATIENCE: Duration = Duration::from_secs(1);

/// CallActor's share of it.
pub(super) struct Saving {
    saved: Saved,
    /// Nobody goes on with a test call: its page has died with the process.
    is_test: bool,
    /// Something has changed that is not written.
    due: bool,
    /// It must be written at once.
    urgent: bool,
    /// Given to the journal. `None`: the next one has everything.
    written: Option<SavedEntries>,
    /// The number of the snapshot that was given out last.
    number: u64,
    /// Commands that wait, by their numbers.
    held: BTreeMap<u64, Held>,
    /// Statuses that LeadActor may not have written.
    unperformed: Vec<(u64, Command)>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    snapshot: u64,
    until: Instant,
}

impl Saving {
    /// Of an actor that has just started: nobody knows what its predecessor has saved.
    pub(super) fn new(parts: &CallParts) -> Self {
        Self {
            saved: parts.saved.clone(),
            is_test: parts.setup.is_test,
            due: true,
            urgent: true,
            written: None,
            number: parts.saved.newest(),
            held: BTreeMap::new(),
            unperformed: Vec::new(),
        }
    }

    pub(super) fn changed(&mut self, before: &Call, after: &Call) {
        self.due |= after.must_be_saved_after(before);
        self.urgent |= after.must_be_saved_at_once_after(before);
    }

    /// Whether the command may be performed now.
    pub(super) fn lets(
        &mut self,
        number: u64,
        command: &Command,
        call: &Call,
        now: Instant,
    ) -> bool {
        if !command.awaits_the_snapshot() || is_over(call) || self.is_test {
            return true;
        }
        let Some(held) = self.held.get(&number) else {
            self.due = true;
            return false;
        };
        let is_kept = self.saved.newest() >= held.snapshot;
        if !is_kept && now < held.until {
            return false;
        }
        if !is_kept {
            tracing::warn!(command = command.name(), "not waiting any longer for the database");
        }
        self.held.remove(&number);
        true
    }

    pub(super) fn delivered(&mut self, number: u64, command: Command) {
        if matches!(command, Command::SetLeadStatus(_)) {
            self.unperformed.push((number, command));
        }
    }

    /// Gives the journal what has changed, if it must be written. `wake` is called when it is kept, if a command
    /// waits for that.
    pub(super) fn save(
        &mut self,
        parts: &CallParts,
        call: &Call,
        wake: impl Fn() + Send + 'static,
    ) {
        if !std::mem::take(&mut self.due) || is_over(call) || self.is_test {
            return;
        }
        if parts.lead.depth() == 0 {
            self.unperformed.clear();
        }
        self.number += 1;
        let snapshot = call.snapshot(parts.time.now());
        let changes = snapshot.changes_since(self.written.as_ref(), &self.unperformed);
        let mut change = SnapshotOfCall {
            setup: self.written.is_none().then(|| Arc::clone(&parts.setup)),
            state: changes.state,
            entries: changes.entries,
            resumes: parts.resumes(),
            is_awaited: false,
            number: self.number,
            saved: Some(self.saved.clone()),
        };
        let now = parts.clock.now();
        let until = now + SAVE_PATIENCE;
        let waiting = call.outbox().filter(|(_, command)| command.awaits_the_snapshot());
        for (number, command) in waiting {
            self.held.entry(number).or_insert_with(|| {
                // Invariant 17: what happens outside is known to whoever goes on from this snapshot.
                debug_assert!(change.state.knows_of(command), "{} is not in it", command.name());
                Held { snapshot: self.number, until }
            });
        }
        change.is_awaited = std::mem::take(&mut self.urgent) || !self.held.is_empty();
        if !self.held.is_empty() {
            self.saved.wake(wake);
        }
        let kind = EntryKind::Snapshot(Box::new(change));
        let (business, call) = (parts.setup.business, parts.setup.call_sid.clone());
        let is_taken = parts.services.journal.takes(JournalEntry {
            business,
            call,
            kind,
            lease: parts.fence(),
        });
        self.written = is_taken.then_some(changes.all);
    }

    /// When a command that waits is performed all the same.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.held.values().map(|held| held.until).min()
    }
}

/// The teardown writes the last of it.
fn is_over(call: &Call) -> bool {
    matches!(call.phase(), Phase::Over { .. })
}
