//! Writes entries to the database.

use std::time::Duration;

use entities::leads::{self, Caller, ChangedBy, LeadChanges};
use entities::{Database, RecordsError, call_turns, calls};
use protocol::ids::LeadId;
use tracing::Instrument as _;

use super::disk::Disk;
use crate::call_span::call_span;
use crate::chance::Chance;
use crate::messages::{EntryKind, JournalEntry, PersonOfCall};

/// How long one entry may take. A database that hangs counts as one that fails.
const PATIENCE: Duration = Duration::from_secs(6);

/// What a write needs.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(super) database: Database,
    pub(super) disk: Disk,
    pub(super) chance: Chance,
}

/// The database failed. The entry must be written later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Later;

impl Writer {
    /// Writes the entry. One that the database never takes is set aside.
    pub(super) async fn write(&self, entry: &JournalEntry) -> Result<(), Later> {
        let span = call_span(&entry.call, entry.business);
        self.write_logged(entry).instrument(span).await
    }

    async fn write_logged(&self, entry: &JournalEntry) -> Result<(), Later> {
        match tokio::time::timeout(PATIENCE, self.try_write(entry)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error @ RecordsError::Database(_))) => {
                tracing::error!(%error, "writing the journal failed; trying again");
                Err(Later)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the database refused a journal entry");
                self.set_aside(&error.to_string(), &serde_json::json!(entry)).await;
                Ok(())
            }
            Err(_) => {
                tracing::error!("writing the journal took too long; trying again");
                Err(Later)
            }
        }
    }

    /// Keeps what can't be written for the operator.
    pub(super) async fn set_aside(&self, error: &str, entry: &serde_json::Value) {
        let line = serde_json::json!({ "error": error, "entry": entry }).to_string();
        match self.disk.set_aside(line).await {
            Ok(count) => tracing::error!(count, "a record was set aside"),
            Err(error) => tracing::error!(%error, "a record that can't be written is lost"),
        }
    }

    async fn try_write(&self, entry: &JournalEntry) -> Result<(), RecordsError> {
        let (db, business, call) = (&self.database, entry.business, &entry.call);
        match &entry.kind {
            EntryKind::Started(new) => {
                calls::insert_started(db, business, (**new).clone()).await.map(drop)
            }
            EntryKind::Turn(row) => {
                call_turns::upsert_many(db, business, call, std::slice::from_ref(row)).await
            }
            EntryKind::Lead(lead) => calls::link_lead(db, business, call, *lead).await,
            EntryKind::Person(person) => self.write_person(entry, person).await,
            EntryKind::Progress(progress) => {
                match calls::record_progress(db, business, call, *progress).await {
                    // A placed call rings before Twilio has answered the request that placed it.
                    Err(RecordsError::NotFound) => Ok(()),
                    done => done,
                }
            }
            EntryKind::Ended(end) => calls::report_end(db, business, call, (**end).clone()).await,
            EntryKind::Refused(refused) => {
                calls::insert_refused(db, business, (**refused).clone()).await.map(drop)
            }
        }
    }

    async fn write_person(
        &self,
        entry: &JournalEntry,
        person: &PersonOfCall,
    ) -> Result<(), RecordsError> {
        let (db, business, call) = (&self.database, entry.business, &entry.call);
        let lead = match person.lead {
            Some(lead) => lead,
            None => {
                let caller = person.phone.as_ref().map_or(Caller::Withheld, Caller::Known);
                // A new one for each try: a lead with this id would count as made just now.
                let id = LeadId(self.chance.new_id(person.at));
                leads::ensure_for_call(db, business, caller, call, id, person.at).await?.record.id
            }
        };
        calls::link_lead(db, business, call, lead).await?;
        let by = ChangedBy::Call { call_sid: call.clone() };
        for changes in &person.changes {
            let (changes, by) = (changes.clone(), by.clone());
            leads::merge_details(db, business, lead, changes, None, by, person.at).await?;
        }
        if let Some(status) = person.status {
            let none = LeadChanges::default();
            leads::merge_details(db, business, lead, none, Some(status), by, person.at).await?;
        }
        Ok(())
    }
}
