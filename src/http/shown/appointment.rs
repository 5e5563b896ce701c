//! An appointment.

use entities::appointments::{AppointmentRecord, AppointmentStatus};
use jiff::Timestamp;
use protocol::ids::CallSid;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An appointment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Appointment {
    id: Uuid,
    /// The lead it is for.
    lead_id: Uuid,
    /// The call it was booked in; null if not in a call.
    #[schema(value_type = Option<String>)]
    call_sid: Option<CallSid>,
    /// When it begins.
    starts_at: Timestamp,
    /// When it ends.
    ends_at: Timestamp,
    /// When the next may begin: its end plus the business's buffer.
    busy_until: Timestamp,
    status: AppointmentStatus,
    /// Notes of the person's.
    notes: Option<String>,
    /// When it was booked.
    created_at: Timestamp,
}

impl From<AppointmentRecord> for Appointment {
    fn from(record: AppointmentRecord) -> Self {
        Self {
            id: record.id.0,
            lead_id: record.lead_id.0,
            call_sid: record.call_sid,
            starts_at: record.starts_at,
            ends_at: record.ends_at,
            busy_until: record.busy_until,
            status: record.status,
            notes: record.notes,
            created_at: record.created_at,
        }
    }
}
