//! Text messages: whole, in both directions, each once.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::error::RecordsError;
use crate::tables::messages::{Column, Entity, Model};

mod writing;

pub use writing::{
    IncomingMessage, OutgoingMessage, StoredMessage, insert_incoming, insert_outgoing,
    set_provider_sid, set_status,
};

/// A message's key, a UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

/// Who wrote to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageDirection {
    /// The person wrote to the business.
    Incoming,
    /// The business wrote to the person.
    Outgoing,
}

/// How far a message has come, by the provider's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MessageStatus {
    /// It came in.
    Received,
    /// It is to be sent.
    Queued,
    /// The provider has sent it.
    Sent,
    /// It is on the person's device.
    Delivered,
    /// The person opened it.
    Read,
    /// The provider could not send it, or its carrier not deliver it.
    Failed,
}

impl MessageStatus {
    /// Whether a message can come from this to `next`. Callbacks overtake each other; what was
    /// delivered did not fail, and what failed stays failed.
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

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageRecord {
    /// The message.
    pub id: MessageId,
    /// Whose conversation it is in.
    pub business_id: BusinessId,
    /// With whom.
    pub person: PhoneNumber,
    /// Who wrote to whom.
    pub direction: MessageDirection,
    /// The provider's identifier, once it has one.
    pub provider_sid: Option<String>,
    /// All of its text.
    pub body: String,
    /// How far it has come.
    pub status: MessageStatus,
    /// When it came or was written.
    pub created_at: Timestamp,
    /// The message it answers, if it answers one.
    pub in_reply_to: Option<MessageId>,
}

/// The newest `limit` messages of a conversation, oldest first.
///
/// # Errors
/// [`RecordsError`].
pub async fn conversation(
    db: &DatabaseConnection,
    business: BusinessId,
    person: &PhoneNumber,
    limit: u32,
) -> Result<Vec<MessageRecord>, RecordsError> {
    let rows = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Person.eq(person.as_str()))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(u64::from(limit))
        .all(db)
        .await?;
    rows.into_iter().rev().map(MessageRecord::try_from).collect()
}

/// Deletes a business's messages from before an instant (OPS-7), and says how many.
///
/// # Errors
/// [`RecordsError`].
pub async fn delete_before(
    db: &DatabaseConnection,
    business: BusinessId,
    instant: Timestamp,
) -> Result<u64, RecordsError> {
    let deleted = Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::CreatedAt.lt(column::from_instant(instant)))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected)
}

impl TryFrom<Model> for MessageRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: MessageId(row.id),
            business_id: BusinessId(row.business_id),
            person: column::id("messages.person", &row.person)?,
            direction: row.direction,
            provider_sid: row.provider_sid,
            body: row.body,
            status: row.status,
            created_at: column::instant("messages.created_at", row.created_at)?,
            in_reply_to: row.in_reply_to.map(MessageId),
        })
    }
}
