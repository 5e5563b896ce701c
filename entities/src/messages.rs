//! Text messages in both directions. Each is stored whole and once.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::messages::{Column, Entity, Model};

mod writing;

pub use crate::values::{MessageDirection, MessageStatus};
pub use writing::{
    IncomingMessage, OutgoingMessage, StoredMessage, insert_incoming, insert_outgoing,
    set_provider_sid, set_status,
};

/// A UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    pub id: MessageId,
    pub business_id: BusinessId,
    /// The business's partner in the conversation, whoever wrote.
    pub person: PhoneNumber,
    pub direction: MessageDirection,
    /// `None` until the provider has accepted the message.
    pub provider_sid: Option<String>,
    pub body: String,
    pub status: MessageStatus,
    /// When it arrived or was written.
    pub created_at: Timestamp,
    /// The message that this one answers.
    pub in_reply_to: Option<MessageId>,
}

/// The newest `limit` messages of a conversation, oldest first.
pub async fn conversation(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    limit: u32,
) -> Result<Vec<MessageRecord>, RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let db = &db;
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit))
            .all(db)
            .await?;
        rows.into_iter().rev().map(MessageRecord::try_from).collect()
    })
    .await
}

/// Deletes a business's messages older than `instant` (OPS-7) and returns their number.
pub async fn delete_before(
    db: &Database,
    business: BusinessId,
    instant: Timestamp,
) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let db = &db;
        let deleted = Entity::delete_many()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::CreatedAt.lt(column::from_instant(instant)))
            .exec(db)
            .await?;
        Ok(deleted.rows_affected)
    })
    .await
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
