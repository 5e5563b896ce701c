//! An event of the outbox, as the API and the commands show it.

use entities::outbox::{OutboxRecord, OutboxState};
use jiff::Timestamp;
use protocol::webhooks::{EventKind, Target};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An event, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Its id. Receivers get it in `webhook-id`, without hyphens and behind `evt_`.
    pub(crate) id: Uuid,
    /// Its kind, such as `call.ended`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "call.ended")]
    pub(crate) kind: EventKind,
    /// Who is told: `webhook`, `sms` or `whatsapp`.
    #[schema(value_type = String, example = "webhook")]
    pub(crate) target: Target,
    /// The call that it is of; null if it is of none.
    pub(crate) call_sid: Option<String>,
    pub(crate) state: OutboxState,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// Why the last try failed; null if none has.
    pub(crate) last_error: Option<String>,
    /// When it happened.
    pub(crate) created_at: Timestamp,
    /// When it is tried next; null unless it waits.
    pub(crate) next_try_at: Option<Timestamp>,
    pub(crate) sent_at: Option<Timestamp>,
}

impl From<OutboxRecord> for Event {
    fn from(record: OutboxRecord) -> Self {
        let waits = record.state == OutboxState::Waiting;
        Self {
            id: record.id,
            kind: record.kind,
            target: record.target,
            call_sid: record.call_sid,
            state: record.state,
            tries: record.tries,
            last_error: record.last_error,
            created_at: record.created_at,
            next_try_at: waits.then_some(record.due_at),
            sent_at: record.sent_at,
        }
    }
}
