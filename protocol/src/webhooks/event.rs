//! What can be told, and to whom.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::call::EndReason;
use crate::ids::BusinessId;

/// Something that other systems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A call is over.
    #[serde(rename = "call.ended")]
    CallEnded,
    /// A call is over that we did not carry out; see [`EndReason::is_failure`].
    #[serde(rename = "call.failed")]
    CallFailed,
    /// A person is known for the first time.
    #[serde(rename = "lead.created")]
    LeadCreated,
    /// Something of a lead has changed.
    #[serde(rename = "lead.updated")]
    LeadUpdated,
    /// An appointment was made.
    #[serde(rename = "appointment.booked")]
    AppointmentBooked,
    /// An appointment has another time.
    #[serde(rename = "appointment.moved")]
    AppointmentMoved,
    /// An appointment is off.
    #[serde(rename = "appointment.cancelled")]
    AppointmentCancelled,
    /// A person has written.
    #[serde(rename = "message.received")]
    MessageReceived,
    /// A written conversation needs a person of the business.
    #[serde(rename = "message.needs_person")]
    MessageNeedsPerson,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::CallEnded,
        Self::CallFailed,
        Self::LeadCreated,
        Self::LeadUpdated,
        Self::AppointmentBooked,
        Self::AppointmentMoved,
        Self::AppointmentCancelled,
        Self::MessageReceived,
        Self::MessageNeedsPerson,
    ];
    /// Those of which the owner gets a line.
    pub const NOTICES: [Self; 3] = [Self::LeadCreated, Self::AppointmentBooked, Self::CallFailed];

    /// Its name in files, rows and payloads.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallEnded => "call.ended",
            Self::CallFailed => "call.failed",
            Self::LeadCreated => "lead.created",
            Self::LeadUpdated => "lead.updated",
            Self::AppointmentBooked => "appointment.booked",
            Self::AppointmentMoved => "appointment.moved",
            Self::AppointmentCancelled => "appointment.cancelled",
            Self::MessageReceived => "message.received",
            Self::MessageNeedsPerson => "message.needs_person",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The business's receiver: `[webhooks]`.
    Webhook,
    /// The owner, by SMS: `notify.sms_to`.
    Sms,
    /// The owner, by WhatsApp: `notify.whatsapp_to`.
    Whatsapp,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Sms, Self::Whatsapp];

    /// Its name in rows, metrics and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
        }
    }
}

impl EndReason {
    /// Whether the person was not served, and it was not their doing.
    #[must_use]
    pub fn is_failure(self) -> bool {
        match self {
            Self::UpstreamFailed | Self::StreamLost | Self::Internal | Self::Refused => true,
            Self::LeadComplete
            | Self::UserGoodbye
            | Self::CustomerDeclined
            | Self::NoResponse
            | Self::MaxDuration
            | Self::Transferred
            | Self::CallerHungUp
            | Self::Operator
            | Self::NotConnected
            | Self::Machine
            | Self::Shutdown
            | Self::Paused => false,
        }
    }

    /// Whether the reason with this name is a failure. A reason that another version has written is none.
    #[must_use]
    pub fn names_failure(name: &str) -> bool {
        Self::ALL.into_iter().any(|reason| reason.is_failure() && reason.as_str() == name)
    }
}

/// The id of an event. `key` tells it from others of its kind in the business. The same event has the same
/// id, however often its row is written.
#[must_use]
pub fn event_id(business: BusinessId, kind: EventKind, key: &str) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(business.0.as_bytes());
    hash.update(kind.as_str());
    hash.update(b"/");
    hash.update(key);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_13_a_kind_has_one_name_everywhere() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(EventKind::named(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::named("call.begun"), None);
    }

    #[test]
    fn ops_13_the_same_event_has_the_same_id_and_no_other_has() {
        let [one, two] = [1, 2].map(|id| BusinessId(Uuid::from_u128(id)));
        let id = event_id(one, EventKind::CallEnded, "CA1");
        assert_eq!(id, event_id(one, EventKind::CallEnded, "CA1"));
        assert_ne!(id, event_id(two, EventKind::CallEnded, "CA1"));
        assert_ne!(id, event_id(one, EventKind::CallFailed, "CA1"));
        assert_ne!(id, event_id(one, EventKind::CallEnded, "CA2"));
    }
}
