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

/// Who wrote to whom.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageDirection {
    /// The person wrote to the business.
    Incoming,
    /// The business wrote to the person.
    Outgoing,
}

/// What a message is, apart from its words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageKind {
    /// Words alone.
    Text,
    /// A voice note or another sound.
    Audio,
    Image,
    Video,
    /// Any other file.
    File,
    /// A place. Its coordinates are in the body.
    Location,
    /// A contact.
    Contact,
}

/// By which way an operator has asked for something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AskedBy {
    /// `frontdesk leads erase`.
    Command,
    Api,
}

/// What was deleted, and is still counted.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    DeriveActiveEnum,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DeletedKind {
    /// Turns of calls.
    Turns,
    /// Messages that people have written.
    MessagesIn,
    /// Messages that were written to people.
    MessagesOut,
    Conversations,
}

impl From<MessageDirection> for DeletedKind {
    fn from(direction: MessageDirection) -> Self {
        match direction {
            MessageDirection::Incoming => Self::MessagesIn,
            MessageDirection::Outgoing => Self::MessagesOut,
        }
    }
}

/// Who wrote an outgoing message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageAuthor {
    /// The text model, or a fixed text of the business.
    Agent,
    /// A person of the business.
    Operator,
}

/// What a token of the API may (OPS-14).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TokenRole {
    /// Everything.
    Admin,
    /// The API of one business.
    Business,
    /// Reads alone.
    Read,
}

/// What a user of the console may (CON-2).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum UserRole {
    /// Everything, in every business.
    Admin,
    /// Everything in their businesses but what costs money or trust.
    Business,
    /// Reads in their businesses.
    Viewer,
}

/// Whether a business answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Answering,
    /// Callers hear the apology, and messages wait.
    Paused,
    /// It has no numbers. What is stored of its people is kept.
    Removed,
}

/// How far an event is (OPS-13).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum OutboxState {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// Its receiver has taken it.
    Sent,
    /// It was tried for 24 h, or can't be sent.
    Dead,
}

/// What an answer has cost at OpenAI: tokens of all the questions that it took, and what they cost at list
/// prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult, ToSchema)]
pub struct MessageCost {
    /// The text model that was asked.
    pub model: String,
    /// How often it was asked, tools and repetitions included.
    pub questions: u32,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    pub cached_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
    /// In millionths of a US dollar; null if the model's prices are not known.
    pub cost_micro_usd: Option<u64>,
}

/// The files that came with a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct MediaItems(pub Vec<MediaItem>);

/// A file that came with a message. It is at Twilio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MediaItem {
    pub url: String,
    pub content_type: String,
}

/// The delivery status of a message, in Twilio's word.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageStatus {
    /// Incoming. All other statuses are of outgoing messages.
    Received,
    /// Not handed to Twilio: it waits for a person of the business. (Not a word of Twilio's.)
    Held,
    /// Stored, or in Twilio's queue.
    Queued,
    /// Twilio has accepted it for a messaging service.
    Accepted,
    Scheduled,
    Sending,
    Sent,
    /// It reached the person's device.
    Delivered,
    /// The person opened it.
    Read,
    PartiallyDelivered,
    /// Twilio could not send it.
    Failed,
    /// The carrier could not deliver it.
    Undelivered,
    Canceled,
}

impl MessageStatus {
    /// How far a message is with this status. It only goes forward; a late word of an earlier step is
    /// passed over.
    fn step(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Queued => 1,
            Self::Accepted | Self::Scheduled => 2,
            Self::Sending => 3,
            Self::Sent => 4,
            Self::PartiallyDelivered => 5,
            Self::Delivered => 6,
            // Nothing follows: each is an end, and the first one counts.
            Self::Received | Self::Read | Self::Failed | Self::Undelivered | Self::Canceled => 7,
        }
    }

    /// Whether it did not reach the person.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Undelivered)
    }

    /// Whether a message can go from this status to `next`. Callbacks arrive out of order: a delivered
    /// message can't fail any more, and a failed one stays failed.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        let can_fail = self.step() < Self::Delivered.step();
        match next {
            Self::Received | Self::Held => false,
            Self::Failed | Self::Undelivered | Self::Canceled => can_fail,
            Self::Queued
            | Self::Accepted
            | Self::Scheduled
            | Self::Sending
            | Self::Sent
            | Self::PartiallyDelivered
            | Self::Delivered
            | Self::Read => self.step() < next.step(),
        }
    }
}
