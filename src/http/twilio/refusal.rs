//! Calls that are not taken. They leave a record and a lead (CALL-11).

use actors::messages::JournalEntry;
use entities::calls::{CallDirection, EndOfCall, RefusedCall};
use protocol::call::{EndReason, EndedBy};
use protocol::ids::BusinessId;
use protocol::twilio::forms::{Direction, VoiceForm};
use serde_json::json;

use super::state::TwilioState;

/// Why a call is not taken. A pause is the business's will; the others are failures of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// As many calls run as may.
    Full,
    Draining,
    /// The records of the calls that run fill the journal.
    JournalFull,
    /// The business could not be read.
    NoDatabase,
    /// The actors could not be started.
    Failed,
    /// The business is paused.
    Paused,
}

impl Refusal {
    fn reason(self) -> EndReason {
        match self {
            Self::Paused => EndReason::Paused,
            Self::Full | Self::Draining | Self::JournalFull | Self::NoDatabase | Self::Failed => {
                EndReason::Refused
            }
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Draining => "draining",
            Self::JournalFull => "journal_full",
            Self::NoDatabase => "no_database",
            Self::Failed => "failed",
            Self::Paused => "paused",
        }
    }
}

/// Writes the record and the lead. The journal writes them later if the database is away.
pub(super) fn record(state: &TwilioState, business: BusinessId, form: &VoiceForm, why: Refusal) {
    let person = form.person().number().cloned();
    let Some(ours) = form.business_number().cloned() else { return };
    let (direction, from_number, to_number) = match form.direction() {
        Direction::Inbound => (CallDirection::Inbound, person.clone(), ours),
        Direction::Outbound => {
            let to = person.clone().unwrap_or_else(|| ours.clone());
            (CallDirection::Outbound, Some(ours), to)
        }
    };
    let now = state.services.clock.wall();
    let reason = why.reason();
    let stats = (reason == EndReason::Refused).then(|| json!({ "refused": why.as_str() }));
    let end = EndOfCall {
        ended_at: now,
        end_reason: reason.as_str().to_owned(),
        ended_by: EndedBy::Daemon.as_str().to_owned(),
        status: None,
        duration: None,
        stats,
    };
    let call = RefusedCall {
        call_sid: form.call_sid.clone(),
        direction,
        from_number,
        to_number,
        started_at: now,
        end,
    };
    state.services.metrics.ended(reason);
    let journal = &state.services.journal;
    journal.record(JournalEntry::refused(business, call));
    journal.record(JournalEntry::person(business, form.call_sid.clone(), person, now));
}
