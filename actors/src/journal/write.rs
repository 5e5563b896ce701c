//! Writes entries to the database: many in one transaction, or one by one if the database refuses one
//! of them.

use std::sync::Arc;
use std::time::Duration;

use entities::{Database, RecordsError};
use tracing::Instrument as _;

use super::disk::Disk;
use super::rows;
use crate::call_span::call_span;
use crate::chance::Chance;
use crate::cluster::Node;
use crate::messages::{EntryKind, JournalEntry};

/// How long a transaction may take. A database that hangs counts as one that fails.
const PATIENCE: Duration = Duration::from_secs(6);

/// What a write needs of the daemon.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(super) database: Database,
    pub(super) disk: Disk,
    pub(super) chance: Chance,
    pub(super) node: Node,
}

/// The database failed. The entries must be written later, but for the first ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Later {
    pub(super) written: usize,
    pub(super) error: String,
}

/// Why a transaction was not made.
enum Unwritten {
    /// The database failed.
    Failed(String),
    /// It never takes this.
    Refused(RecordsError),
}

impl Writer {
    /// Writes the entries in order. One that the database never takes is set aside.
    pub(super) async fn write_all(&self, entries: &[Arc<JournalEntry>]) -> Result<(), Later> {
        // Alone, the entry's fencing number would be checked in another transaction.
        if entries.len() > 1 || entries.iter().any(|entry| entry.lease.is_some()) {
            match in_time(self.write_batch(entries)).await {
                Ok(()) => {
                    entries.iter().for_each(|entry| entry.kept());
                    return Ok(());
                }
                Err(Unwritten::Failed(error)) => return Err(Later { written: 0, error }),
                // Not one of them is written.
                Err(Unwritten::Refused(_)) => {}
            }
        }
        for (written, entry) in entries.iter().enumerate() {
            let span = call_span(&entry.call, entry.business);
            let done = self.write(entry).instrument(span).await;
            done.map_err(|error| Later { written, error })?;
        }
        Ok(())
    }

    async fn write_batch(&self, entries: &[Arc<JournalEntry>]) -> Result<(), RecordsError> {
        let (entries, chance) = (entries.to_vec(), self.chance.clone());
        let work = move |batch| async move {
            rows::write_all(&batch, &chance, &entries).await?;
            Ok(batch)
        };
        self.database.write_batch(work).await
    }

    /// With its fencing number, in one transaction. A person is written in units of its own: if details are refused,
    /// the link to the call stays.
    async fn write(&self, entry: &Arc<JournalEntry>) -> Result<(), String> {
        let is_person = matches!(entry.kind, EntryKind::Person(_));
        let written = if entry.lease.is_some() && !is_person {
            in_time(self.write_batch(std::slice::from_ref(entry))).await
        } else {
            in_time(rows::write_fenced(&self.database, &self.chance, entry)).await
        };
        match written {
            Ok(()) => entry.kept(),
            Err(Unwritten::Failed(error)) => return Err(error),
            Err(Unwritten::Refused(RecordsError::Fenced)) => {
                tracing::info!("another node has the call: a record of this one is dropped");
                if let Some(lease) = entry.lease {
                    self.node.lost(&entry.call, lease.fence);
                }
            }
            Err(Unwritten::Refused(error)) if entry.is_snapshot() => {
                // It is of use only while the call runs, and nobody can mend it in that time.
                tracing::error!(%error, "the database refused a snapshot: the call could not resume");
            }
            Err(Unwritten::Refused(error)) => {
                tracing::error!(%error, "the database refused a journal entry");
                self.set_aside(&error.to_string(), &serde_json::json!(entry)).await;
            }
        }
        Ok(())
    }

    /// Keeps what can't be written for the operator.
    pub(super) async fn set_aside(&self, error: &str, entry: &serde_json::Value) {
        let line = serde_json::json!({ "error": error, "entry": entry }).to_string();
        match self.disk.set_aside(line).await {
            Ok(count) => tracing::error!(count, "a record was set aside"),
            Err(error) => tracing::error!(%error, "a record that can't be written is lost"),
        }
    }
}

async fn in_time(work: impl Future<Output = Result<(), RecordsError>>) -> Result<(), Unwritten> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error @ RecordsError::Database(_))) => Err(Unwritten::Failed(error.to_string())),
        Ok(Err(error)) => Err(Unwritten::Refused(error)),
        Err(_) => Err(Unwritten::Failed(format!("no answer within {PATIENCE:?}"))),
    }
}
