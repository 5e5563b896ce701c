//! The types of columns that hold one of a few words, and the JSON column of a lead's fields.
//!
//! A leaf: the tables use these types, and the modules with the queries offer them to callers.

use std::collections::BTreeMap;

use sea_orm::{DeriveActiveEnum, EnumIter, FromJsonQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether an appointment is booked or cancelled.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AppointmentStatus {
    Booked,
    /// Its slot is free again.
    Cancelled,
}

/// Who called whom.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum CallDirection {
    /// The person called the business.
    Inbound,
    /// The business called the person.
    Outbound,
}

/// A call's status in Twilio's words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub enum CallStatus {
    /// Twilio accepted the order and has not dialled yet.
    Queued,
    Ringing,
    /// Somebody answered.
    InProgress,
    /// It was answered and has ended.
    Completed,
    /// The line was engaged.
    Busy,
    NoAnswer,
    /// It could not be placed.
    Failed,
    /// It was cancelled before anybody answered.
    Canceled,
}

impl CallStatus {
    /// Whether Twilio reports no other status after this one (CALL-5).
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
        }
    }
}

/// Who spoke a turn, or what wrote it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TurnRole {
    Caller,
    Agent,
    /// A note to the agent.
    System,
    /// A tool call or its output.
    Tool,
}

/// Whether a lead's required fields are known.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LeadStatus {
    /// A required field is still missing.
    InProgress,
    /// Every required field is known.
    Complete,
    /// The person does not want to go on.
    Declined,
}

/// How a person first came to a business.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LeadSource {
    PhoneCall,
    Whatsapp,
    /// An operator entered the person.
    Operator,
}

/// A business's own fields of a lead: name to value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct LeadFields(pub BTreeMap<String, String>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageDirection {
    /// The person wrote to the business.
    Incoming,
    /// The business wrote to the person.
    Outgoing,
}

/// The delivery status of a message, as the provider reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageStatus {
    /// Incoming. All other statuses are of outgoing messages.
    Received,
    /// Stored, and not handed to the provider yet.
    Queued,
    Sent,
    /// It reached the person's device.
    Delivered,
    /// The person opened it.
    Read,
    /// The provider could not send it, or the carrier could not deliver it.
    Failed,
}

impl MessageStatus {
    /// Whether a message can go from this status to `next`. Callbacks arrive out of order: a
    /// delivered message cannot fail any more, and a failed one stays failed.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Received | Self::Read | Self::Failed => false,
            Self::Queued => {
                matches!(next, Self::Sent | Self::Delivered | Self::Read | Self::Failed)
            }
            Self::Sent => matches!(next, Self::Delivered | Self::Read | Self::Failed),
            Self::Delivered => matches!(next, Self::Read),
        }
    }
}
