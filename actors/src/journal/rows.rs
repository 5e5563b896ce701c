//! The rows of an entry.

use std::sync::Arc;

use entities::call_snapshots::{self, SnapshotChange, SnapshotOf};
use entities::call_turns::{self, TurnOfCall};
use entities::leads::{self, Caller, ChangedBy, LeadChanges};
use entities::{Database, RecordsError, Writes, calls};
use protocol::ids::LeadId;

use crate::chance::Chance;
use crate::messages::{EntryKind, JournalEntry, PersonOfCall, SnapshotOfCall};

/// Writes entries together. Turns are one statement, and so are snapshots, and both come before the ends of
/// calls: within one transaction their order means nothing but that.
pub(super) async fn write_all(
    db: &impl Writes,
    chance: &Chance,
    entries: &[Arc<JournalEntry>],
) -> Result<(), RecordsError> {
    let leases = entries.iter().filter_map(|entry| Some((entry.call.clone(), entry.lease?)));
    calls::check_fences(db, leases.collect()).await?;
    for entry in entries.iter().filter(|entry| Step::of(entry) == Step::First) {
        write(db, chance, entry).await?;
    }
    call_turns::upsert_all(db, entries.iter().filter_map(|entry| turn(entry))).await?;
    let snapshots = entries.iter().filter_map(|entry| snapshot(entry).transpose());
    call_snapshots::save_all(db, snapshots.collect::<Result<_, _>>()?).await?;
    for entry in entries.iter().filter(|entry| Step::of(entry) == Step::Last) {
        write(db, chance, entry).await?;
    }
    Ok(())
}

/// When an entry of a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    First,
    Together,
    Last,
}

impl Step {
    fn of(entry: &JournalEntry) -> Self {
        match entry.kind {
            EntryKind::Started(_)
            | EntryKind::Lead(_)
            | EntryKind::Person(_)
            | EntryKind::Progress(_)
            | EntryKind::Refused(_) => Self::First,
            EntryKind::Turn(_) | EntryKind::Snapshot(_) => Self::Together,
            EntryKind::Ended(_) | EntryKind::Reported(_) | EntryKind::Closed => Self::Last,
        }
    }
}

fn snapshot(entry: &JournalEntry) -> Result<Option<SnapshotOf>, RecordsError> {
    let EntryKind::Snapshot(change) = &entry.kind else { return Ok(None) };
    let (business, call) = (entry.business, entry.call.clone());
    Ok(Some(SnapshotOf { business, call, change: snapshot_row(change)? }))
}

fn turn(entry: &JournalEntry) -> Option<TurnOfCall> {
    let EntryKind::Turn(turn) = &entry.kind else { return None };
    let (business, call, turn) = (entry.business, entry.call.clone(), (**turn).clone());
    Some(TurnOfCall { business, call, turn })
}

/// As [`write`], if nobody has taken the call over.
pub(super) async fn write_fenced(
    db: &Database,
    chance: &Chance,
    entry: &JournalEntry,
) -> Result<(), RecordsError> {
    let lease = entry.lease.map(|lease| (entry.call.clone(), lease));
    calls::check_fences(db, lease.into_iter().collect()).await?;
    write(db, chance, entry).await
}

pub(super) async fn write(
    db: &impl Writes,
    chance: &Chance,
    entry: &JournalEntry,
) -> Result<(), RecordsError> {
    let (business, call) = (entry.business, &entry.call);
    match &entry.kind {
        EntryKind::Started(new) => match entry.lease {
            Some(lease) => calls::insert_leased(db, business, (**new).clone(), lease).await,
            None => calls::insert_started(db, business, (**new).clone()).await.map(drop),
        },
        EntryKind::Turn(_) => call_turns::upsert_all(db, turn(entry)).await,
        EntryKind::Lead(lead) => calls::link_lead(db, business, call, *lead).await,
        EntryKind::Person(person) => write_person(db, chance, entry, person).await,
        EntryKind::Progress(progress) => {
            match calls::record_progress(db, business, call, *progress).await {
                // A placed call rings before Twilio has answered the request that placed it.
                Err(RecordsError::NotFound) => Ok(()),
                done => done,
            }
        }
        EntryKind::Ended(end) => calls::report_end(db, business, call, (**end).clone()).await,
        EntryKind::Reported(told) => {
            calls::report_status(db, business, call, told.end.clone(), told.reporter).await
        }
        EntryKind::Snapshot(_) => {
            call_snapshots::save_all(db, snapshot(entry)?.into_iter().collect()).await
        }
        EntryKind::Closed => call_snapshots::remove(db, business, call).await,
        EntryKind::Refused(refused) => {
            calls::insert_refused(db, business, (**refused).clone()).await.map(drop)
        }
    }
}

fn snapshot_row(change: &SnapshotOfCall) -> Result<SnapshotChange, RecordsError> {
    let unwritable = RecordsError::Corrupt { column: "call_snapshots.state" };
    written(change).ok_or(unwritable)
}

/// `None` if it can't be written as JSON: no snapshot of a call is such.
fn written(change: &SnapshotOfCall) -> Option<SnapshotChange> {
    let taken = change.state.taken().at.since_beginning().as_millis();
    let entries = change.entries.iter().map(|entry| {
        let json = serde_json::to_string(entry).ok()?;
        Some((entry.number, json))
    });
    Some(SnapshotChange {
        taken_ms: u64::try_from(taken).unwrap_or(u64::MAX),
        setup: change.setup.as_ref().map(|setup| setup.to_json()).transpose().ok()?,
        state: change.state.to_json().ok()?,
        resumes: change.resumes.clone(),
        entries: entries.collect::<Option<_>>()?,
    })
}

async fn write_person(
    db: &impl Writes,
    chance: &Chance,
    entry: &JournalEntry,
    person: &PersonOfCall,
) -> Result<(), RecordsError> {
    let (business, call) = (entry.business, &entry.call);
    let lead = match person.lead {
        Some(lead) => lead,
        None => {
            let caller = person.phone.as_ref().map_or(Caller::Withheld, Caller::Known);
            // A new one for each try: a lead with this id would count as made just now.
            let id = LeadId(chance.new_id(person.at));
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
