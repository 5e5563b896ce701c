//! Tells other systems of appointments (OPS-13).

use jiff::Timestamp;
use protocol::ids::CallSid;
use protocol::webhooks::EventKind;
use sea_orm::DatabaseTransaction;

use super::AppointmentRecord;
use crate::database::Told;
use crate::error::RecordsError;
use crate::outbox::{self, AppointmentData, NewEvent};

/// What has become of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Booked,
    /// It was to begin then.
    Moved {
        from: Timestamp,
    },
    Cancelled,
    /// It is cancelled because its lead was erased: nothing of the person is told.
    Freed,
}

/// Writes the event, in the transaction of the change. `call` is that in which it was changed.
pub(crate) async fn tell(
    transaction: &DatabaseTransaction,
    told: &Told,
    appointment: &AppointmentRecord,
    change: Change,
    call: Option<CallSid>,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let (id, data) = (appointment.id.0, AppointmentData::from(appointment));
    let (kind, key, data) = match change {
        Change::Booked => (EventKind::AppointmentBooked, id.to_string(), data),
        Change::Cancelled | Change::Freed => {
            (EventKind::AppointmentCancelled, id.to_string(), data)
        }
        // It may come back to where it was.
        Change::Moved { from } => {
            let key = format!("{id}/{}/{}", appointment.starts_at, now.as_microsecond());
            (EventKind::AppointmentMoved, key, data.moved_from(from))
        }
    };
    let event = NewEvent::new(kind, key, now).of_call(call).with(data);
    let event = match change {
        Change::Freed => event,
        Change::Booked | Change::Moved { .. } | Change::Cancelled => {
            event.of_lead(appointment.lead_id)
        }
    };
    outbox::tell(transaction, told, appointment.business_id, event).await
}
