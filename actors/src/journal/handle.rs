//! The way into the journal. Whoever records something never waits for it (CAL-8).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use entities::Database;
use supervision::{Inbox, InboxReader};

use super::disk::Disk;
use super::write::Writer;
use crate::chance::Chance;
use crate::cluster::Node;
use crate::messages::JournalEntry;

/// Entries that memory holds while neither database nor disk takes them. Further ones are lost.
const INBOX_CAPACITY: usize = 16_384;
/// With so many, no new call is taken: the rest is for the calls that run.
const FULL_FOR_NEW_CALLS: usize = 4096;

/// The journal of one daemon. Clones share it.
#[derive(Debug, Clone)]
pub struct Journal {
    pub(super) inbox: Inbox<JournalEntry>,
    pub(super) disk: Disk,
    /// Whether an entry waits that must be written at once.
    urgent: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
}

impl Journal {
    #[must_use]
    pub fn new(disk: Disk) -> Self {
        Self {
            inbox: Inbox::new(INBOX_CAPACITY),
            disk,
            urgent: Arc::default(),
            lost: Arc::default(),
        }
    }

    /// Takes an entry. One for which there is no room is lost, and counted.
    pub fn record(&self, entry: JournalEntry) {
        self.takes(entry);
    }

    /// As [`record`](Self::record). Returns whether there was room.
    pub(crate) fn takes(&self, entry: JournalEntry) -> bool {
        let (call, business) = (entry.call.clone(), entry.business);
        if entry.is_urgent() {
            // Before the entry, which wakes the actor.
            self.urgent.store(true, Ordering::SeqCst);
        }
        let taken = self.inbox.try_send(entry);
        if let Err(error) = &taken {
            let lost = self.count_lost(1);
            tracing::error!(%error, %call, %business, lost, "a record is lost");
        }
        taken.is_ok()
    }

    /// Whether there is room for the records of another call.
    #[must_use]
    pub fn has_room_for_a_call(&self) -> bool {
        self.inbox.depth() < FULL_FOR_NEW_CALLS
    }

    /// Whether an entry that must be written at once has come since the last batch was taken.
    pub(super) fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::SeqCst)
    }

    /// What has come until now is about to be taken.
    pub(super) fn clear_urgent(&self) {
        self.urgent.store(false, Ordering::SeqCst);
    }

    /// How many entries memory holds.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.inbox.depth()
    }

    /// The files, and how many entries they hold.
    #[must_use]
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// How many entries are written nowhere.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(crate) fn writer(&self, database: Database, chance: Chance, node: Node) -> Writer {
        Writer { database, disk: self.disk.clone(), chance, node }
    }

    /// Writes what memory holds to the disk, for the next start. The actor must have stopped.
    pub(crate) async fn keep(&self) {
        let reader: InboxReader<JournalEntry> = self.inbox.attach_with(|| {});
        let waiting = reader.peek(INBOX_CAPACITY);
        let Some((last, _)) = waiting.last() else { return };
        let (last, count) = (*last, waiting.len());
        let entries = waiting.into_iter().map(|(_, entry)| entry).collect();
        match self.disk.append(entries).await {
            Ok(()) => {
                reader.ack_through(last);
                tracing::warn!(count, "records wait on disk for the next start");
            }
            Err(error) => {
                let lost = self.count_lost(count as u64);
                tracing::error!(%error, count, lost, "records are lost");
            }
        }
    }

    fn count_lost(&self, count: u64) -> u64 {
        self.lost.fetch_add(count, Ordering::Relaxed) + count
    }
}
