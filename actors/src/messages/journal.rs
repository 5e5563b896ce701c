//! The journal's entries: a call's start, turns, lead, status and end.

use std::time::Duration;

use entities::call_turns::TurnRow;
use entities::calls::{CallStatus, EndOfCall, NewCall, Progress};
use jiff::Timestamp;
use protocol::call::Ending;
use protocol::ids::{BusinessId, CallSid, LeadId};

/// One change of one call's rows. Writing it twice has the effect of writing it once.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    pub(crate) business: BusinessId,
    pub(crate) call: CallSid,
    pub(crate) kind: EntryKind,
}

#[derive(Debug, Clone)]
pub(crate) enum EntryKind {
    Started(Box<NewCall>),
    Turn(Box<TurnRow>),
    Lead(LeadId),
    Progress(Progress),
    Ended(Box<EndOfCall>),
}

impl JournalEntry {
    /// A call that we placed and that does not ring yet (CALL-7).
    #[must_use]
    pub fn placed(business: BusinessId, call: NewCall) -> Self {
        let call_sid = call.call_sid.clone();
        Self { business, call: call_sid, kind: EntryKind::Started(Box::new(call)) }
    }

    /// Links the call to its lead.
    #[must_use]
    pub fn lead(business: BusinessId, call: CallSid, lead: LeadId) -> Self {
        Self { business, call, kind: EntryKind::Lead(lead) }
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
        Self { business, call, kind: EntryKind::Progress(Progress { status, answered_at }) }
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
        let end = EndOfCall {
            ended_at: at,
            end_reason: ending.reason.as_str().to_owned(),
            ended_by: ending.by.as_str().to_owned(),
            status: reported.map(|(status, _)| status),
            duration: reported.and_then(|(_, duration)| duration),
            stats: None,
        };
        Self { business, call, kind: EntryKind::Ended(Box::new(end)) }
    }
}
