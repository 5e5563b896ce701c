//! A lead.

use std::collections::BTreeMap;

use entities::leads::{LeadRecord, LeadSource, LeadStatus};
use jiff::Timestamp;
use protocol::ids::{CallSid, PhoneNumber};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A lead.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lead {
    id: Uuid,
    /// The person's number, in E.164; null if withheld.
    #[schema(value_type = Option<String>, example = "+972501234567")]
    phone: Option<PhoneNumber>,
    full_name: Option<String>,
    email: Option<String>,
    status: LeadStatus,
    /// How the person first got in touch.
    source: LeadSource,
    /// The business's own fields, by name.
    fields: BTreeMap<String, String>,
    /// The person's last call.
    #[schema(value_type = Option<String>)]
    last_call_sid: Option<CallSid>,
    /// When the person first got in touch.
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When the person was erased. Their name, number and words are gone.
    erased_at: Option<Timestamp>,
    /// When a person of the business last saw to it.
    seen_to_at: Option<Timestamp>,
}

impl From<LeadRecord> for Lead {
    fn from(record: LeadRecord) -> Self {
        Self {
            id: record.id.0,
            phone: record.phone,
            full_name: record.full_name,
            email: record.email,
            status: record.status,
            source: record.source,
            fields: record.fields.0,
            last_call_sid: record.last_call_sid,
            created_at: record.created_at,
            updated_at: record.updated_at,
            erased_at: record.erased_at,
            seen_to_at: record.seen_to_at,
        }
    }
}
