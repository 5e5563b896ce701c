//! What is written to the journal: a call's start, its turns, its lead, its status and its end.

use std::time::Duration;

use entities::call_turns::TurnRow;
use entities::calls::{CallStatus, EndOfCall, NewCall, Progress};
use jiff::Timestamp;
use protocol::call::Ending;
use protocol::ids::{BusinessId, CallSid, LeadId};

/// One record of one call. Writing it twice changes nothing.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    pub(crate) business: BusinessId,
    pub(crate) call: CallSid,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Started(Box<NewCall>),
    Turn(Box<TurnRow>),
    Lead(LeadId),
    Progress(Progress),
    Ended(Box<EndOfCall>),
}

impl JournalEntry {
    /// A call that was placed and does not ring yet (CALL-7).
    #[must_use]
    pub fn placed(business: BusinessId, call: NewCall) -> Self {
        let call_sid = call.call_sid.clone();
        Self { business, call: call_sid, what: What::Started(Box::new(call)) }
    }

    /// The call's lead.
    #[must_use]
    pub fn lead(business: BusinessId, call: CallSid, lead: LeadId) -> Self {
        Self { business, call, what: What::Lead(lead) }
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
        Self { business, call, what: What::Progress(Progress { status, answered_at }) }
    }

    /// The end of a call of which nothing runs here: it never began to, or is gone already.
    #[must_use]
    pub fn ended(
        business: BusinessId,
        call: CallSid,
        ending: Ending,
        told: Option<(CallStatus, Option<Duration>)>,
        at: Timestamp,
    ) -> Self {
        let end = EndOfCall {
            ended_at: at,
            end_reason: ending.reason.as_str().to_owned(),
            ended_by: ending.by.as_str().to_owned(),
            status: told.map(|(status, _)| status),
            duration: told.and_then(|(_, duration)| duration),
            stats: None,
        };
        Self { business, call, what: What::Ended(Box::new(end)) }
    }
}
