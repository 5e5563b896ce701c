//! The journal's entries: a call's start, turns, lead, status and end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use entities::call_turns::TurnRow;
use entities::calls::{CallLease, CallStatus, EndOfCall, NewCall, Progress, RefusedCall};
use entities::leads::{LeadChanges, LeadStatus};
use jiff::Timestamp;
use protocol::call::snapshot::CallSnapshot;
use protocol::call::{CallSetup, Ending, Entry};
use protocol::ids::{BusinessId, CallSid, LeadId, NodeId, PhoneNumber};
use serde::{Deserialize, Serialize};

use crate::saved::{Resumes, Saved};

/// One change of one call's rows. Writing it twice has the effect of writing it once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalEntry {
    pub(crate) business: BusinessId,
    pub(crate) call: CallSid,
    pub(crate) kind: EntryKind,
    /// Whose the call was when this was recorded. Refused if another node has taken it over since. `None`:
    /// true whoever has the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<CallLease>,
}

/// The journal on disk has the same names, so a name is changed with care.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    Started(Box<NewCall>),
    Turn(Box<TurnRow>),
    Lead(LeadId),
    Person(Box<PersonOfCall>),
    Progress(Progress),
    Ended(Box<EndOfCall>),
    Reported(Box<ReportedEnd>),
    Refused(Box<RefusedCall>),
    Snapshot(Box<SnapshotOfCall>),
    /// Nothing of the call is left to do: its snapshot goes.
    Closed,
}

/// Twilio's terminal status of a call that the reporting node may not end: another may have it (RES-9).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReportedEnd {
    pub(crate) end: EndOfCall,
    pub(crate) reporter: NodeId,
}

/// A change of a call's snapshot (RES-4).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SnapshotOfCall {
    /// In the first change, and in the first one of a restarted CallActor.
    pub(crate) setup: Option<Arc<CallSetup>>,
    pub(crate) state: CallSnapshot,
    /// Entries that are new or changed.
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) resumes: Resumes,
    /// Whether the caller would notice if the process died before it is written.
    #[serde(skip)]
    pub(crate) is_awaited: bool,
    /// Numbers the snapshots of a call in one process.
    pub(crate) number: u64,
    /// Is told when it is kept. `None`: the process that wrote it has died.
    #[serde(skip)]
    pub(crate) saved: Option<Saved>,
}

/// What is left to write of a call's lead when the call is over (LEAD-1, LEAD-2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PersonOfCall {
    /// `None` if the number is withheld.
    pub(crate) phone: Option<PhoneNumber>,
    /// `None`: find or make it.
    pub(crate) lead: Option<LeadId>,
    /// In the order in which they were told.
    pub(crate) changes: Vec<LeadChanges>,
    pub(crate) status: Option<LeadStatus>,
    pub(crate) at: Timestamp,
}

/// Without the state, which is long, and the actor that waits.
impl fmt::Debug for SnapshotOfCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<u32> = self.entries.iter().map(|entry| entry.number).collect();
        f.debug_struct("SnapshotOfCall")
            .field("number", &self.number)
            .field("entries", &entries)
            .finish_non_exhaustive()
    }
}

impl JournalEntry {
    pub(crate) fn is_snapshot(&self) -> bool {
        matches!(self.kind, EntryKind::Snapshot(_))
    }

    /// Whether somebody waits for it: a command of a call for its snapshot, or whoever reads the record of a
    /// call that has begun or ended.
    pub(crate) fn is_urgent(&self) -> bool {
        match &self.kind {
            EntryKind::Snapshot(change) => change.is_awaited,
            EntryKind::Turn(_) | EntryKind::Progress(_) | EntryKind::Closed => false,
            EntryKind::Started(_)
            | EntryKind::Lead(_)
            | EntryKind::Person(_)
            | EntryKind::Ended(_)
            | EntryKind::Reported(_)
            | EntryKind::Refused(_) => true,
        }
    }

    /// The database has it, or it waits for it on disk.
    pub(crate) fn kept(&self) {
        if let EntryKind::Snapshot(change) = &self.kind
            && let Some(saved) = &change.saved
        {
            saved.kept(change.number);
        }
    }

    /// Nothing of the call is left to do.
    pub(crate) fn closed(business: BusinessId, call: CallSid, lease: Option<CallLease>) -> Self {
        Self { business, call, kind: EntryKind::Closed, lease }
    }

    /// A call that we placed and that does not ring yet (CALL-7).
    #[must_use]
    pub fn placed(business: BusinessId, call: NewCall) -> Self {
        let call_sid = call.call_sid.clone();
        Self { business, call: call_sid, kind: EntryKind::Started(Box::new(call)), lease: None }
    }

    #[must_use]
    pub fn turn(business: BusinessId, call: CallSid, turn: TurnRow) -> Self {
        Self { business, call, kind: EntryKind::Turn(Box::new(turn)), lease: None }
    }

    /// A call that was not taken (CALL-11).
    #[must_use]
    pub fn refused(business: BusinessId, call: RefusedCall) -> Self {
        let call_sid = call.call_sid.clone();
        Self { business, call: call_sid, kind: EntryKind::Refused(Box::new(call)), lease: None }
    }

    /// Finds or makes the lead of a call that has no actors, and links the call to it (LEAD-1).
    #[must_use]
    pub fn person(
        business: BusinessId,
        call: CallSid,
        phone: Option<PhoneNumber>,
        at: Timestamp,
    ) -> Self {
        let person = PersonOfCall { phone, lead: None, changes: Vec::new(), status: None, at };
        Self { business, call, kind: EntryKind::Person(Box::new(person)), lease: None }
    }

    /// Twilio's status of a call that is not over.
    #[must_use]
    pub fn progress(
        business: BusinessId,
        call: CallSid,
        status: CallStatus,
        at: Timestamp,
    ) -> Self {
        let answered_at = (status == CallStatus::InProgress).then_some(at);
        Self {
            business,
            call,
            kind: EntryKind::Progress(Progress { status, answered_at }),
            lease: None,
        }
    }

    /// The end of a call that has no actors: it never had any, or they have stopped.
    #[must_use]
    pub fn ended(
        business: BusinessId,
        call: CallSid,
        ending: Ending,
        reported: Option<(CallStatus, Option<Duration>)>,
        at: Timestamp,
    ) -> Self {
        let kind = EntryKind::Ended(Box::new(end(ending, reported, at)));
        Self { business, call, kind, lease: None }
    }

    /// As [`ended`](Self::ended), if no node but `reporter` has the call. Else its record gets the status, and
    /// goes on.
    #[must_use]
    pub fn reported(
        business: BusinessId,
        call: CallSid,
        ending: Ending,
        reported: (CallStatus, Option<Duration>),
        at: Timestamp,
        reporter: NodeId,
    ) -> Self {
        let end = end(ending, Some(reported), at);
        let kind = EntryKind::Reported(Box::new(ReportedEnd { end, reporter }));
        Self { business, call, kind, lease: None }
    }
}

fn end(
    ending: Ending,
    reported: Option<(CallStatus, Option<Duration>)>,
    at: Timestamp,
) -> EndOfCall {
    EndOfCall {
        ended_at: at,
        end_reason: ending.reason.as_str().to_owned(),
        ended_by: ending.by.as_str().to_owned(),
        status: reported.map(|(status, _)| status),
        duration: reported.and_then(|(_, duration)| duration),
        stats: None,
    }
}
