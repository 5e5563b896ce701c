//! A written conversation.

use entities::conversations::ConversationRecord;
use jiff::Timestamp;
use protocol::ids::PhoneNumber;
use protocol::texting::window_is_open;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A written conversation with one person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    id: Uuid,
    /// The person's number, in E.164.
    #[schema(value_type = String, example = "+972501234567")]
    person: PhoneNumber,
    /// The person's lead; null until the first answer.
    lead_id: Option<Uuid>,
    /// When it last began anew.
    began_at: Timestamp,
    /// When it last moved.
    active_at: Timestamp,
    /// When the person last wrote.
    last_came_at: Option<Timestamp>,
    /// Whether a message can be sent now: within 24 h of the person's last one.
    window_open: bool,
    /// Null while it goes on.
    closed_at: Option<Timestamp>,
    close_reason: Option<String>,
    /// The agent's last remark for the business.
    notes: Option<String>,
    /// The person wants no messages by themselves.
    opted_out: bool,
    /// Why a person of the business is needed: `too_long`, `model_failed`, `window_closed`, `undelivered` or
    /// `refused`; null if none is.
    needs_person: Option<String>,
    needs_person_since: Option<Timestamp>,
}

impl Conversation {
    pub(crate) fn of(record: ConversationRecord, now: Timestamp) -> Self {
        Self {
            id: record.id.0,
            person: record.person,
            lead_id: record.lead_id.map(|lead| lead.0),
            began_at: record.began_at,
            active_at: record.active_at,
            last_came_at: record.last_came_at,
            window_open: window_is_open(record.last_came_at, now),
            closed_at: record.closed_at,
            close_reason: record.close_reason,
            notes: record.notes,
            opted_out: record.opted_out,
            needs_person: record.needs_person,
            needs_person_since: record.needs_person_since,
        }
    }
}
