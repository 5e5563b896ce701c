//! Text messages in both directions. Each is stored whole and once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use protocol::prompt::WrittenFact;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::messages::{Column, Entity, Model};

mod writing;

pub use crate::values::{
    MediaItem, MediaItems, MessageAuthor, MessageCost, MessageDirection, MessageKind, MessageStatus,
};
pub use writing::{
    Delivery, IncomingMessage, OutgoingMessage, StoredMessage, insert_incoming, insert_outgoing,
    report_delivery, set_provider_sid, set_status,
};
pub(crate) use writing::{incoming_row, insert};

/// Messages of one person that are taken up at once. The others follow.
const MAX_OWED: u64 = 200;

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
    pub kind: MessageKind,
    /// The files that came with it.
    pub media: Vec<MediaItem>,
    /// Of an incoming message: whether it was answered, or wants no answer.
    pub handled: bool,
    /// Of an outgoing message.
    pub author: Option<MessageAuthor>,
    /// Twilio's code, if it did not reach the person.
    pub error_code: Option<u32>,
    /// Of an outgoing message that the text model was asked for.
    pub cost: Option<MessageCost>,
}

/// The newest `limit` messages since `began` of a conversation, oldest first: those that the person has
/// written, and those that the business has sent.
pub async fn history(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    began: Timestamp,
    limit: u32,
) -> Result<Vec<MessageRecord>, RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let was_sent = Condition::any()
            .add(Column::Direction.eq(MessageDirection::Incoming))
            .add(Column::ProviderSid.is_not_null());
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .filter(Column::CreatedAt.gte(column::from_instant(began)))
            .filter(was_sent)
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit))
            .all(&db)
            .await?;
        rows.into_iter().rev().map(MessageRecord::try_from).collect()
    })
    .await
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

/// The newest message with each of these people.
pub async fn newest_with(
    db: &Database,
    business: BusinessId,
    people: Vec<PhoneNumber>,
) -> Result<BTreeMap<PhoneNumber, MessageRecord>, RecordsError> {
    db.read(move |db| async move {
        let mut newest = BTreeMap::new();
        for person in people {
            let found = Entity::find()
                .filter(Column::BusinessId.eq(business.0))
                .filter(Column::Person.eq(person.as_str()))
                .order_by_desc(Column::CreatedAt)
                .order_by_desc(Column::Id)
                .one(&db)
                .await?;
            if let Some(found) = found {
                newest.insert(person, found.try_into()?);
            }
        }
        Ok(newest)
    })
    .await
}

/// A page of a business's messages, newest first, that begins behind `after`. `None` as `person` lists
/// those of everybody.
pub async fn list(
    db: &Database,
    business: BusinessId,
    person: Option<&PhoneNumber>,
    after: Option<MessageId>,
    limit: u32,
) -> Result<Page<MessageRecord, MessageId>, RecordsError> {
    let person = person.cloned();
    db.read(move |db| async move {
        let filter = Condition::all()
            .add(Column::BusinessId.eq(business.0))
            .add_option(person.map(|person| Column::Person.eq(person.as_str())))
            .add_option(after.map(|after| Column::Id.lt(after.0)));
        // UUIDs of version 7 sort by time.
        let query = Entity::find().filter(filter).order_by_desc(Column::Id).limit(rows_for(limit));
        let rows = query.all(&db).await?;
        let rows = rows.into_iter().map(MessageRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |message: &MessageRecord| message.id))
    })
    .await
}

/// The incoming messages that are not handled, oldest first.
pub(crate) async fn owed(
    db: &impl ConnectionTrait,
    business: BusinessId,
    person: &str,
) -> Result<Vec<MessageRecord>, RecordsError> {
    let owed = Column::Handled.eq(false).and(Column::Direction.eq(MessageDirection::Incoming));
    of_person(db, business, person, owed).await
}

/// An operator's messages that Twilio does not have, oldest first.
pub(crate) async fn unsent_by_hand(
    db: &impl ConnectionTrait,
    business: BusinessId,
    person: &str,
) -> Result<Vec<MessageRecord>, RecordsError> {
    let unsent = Column::Handled.eq(false).and(Column::Author.eq(MessageAuthor::Operator));
    of_person(db, business, person, unsent).await
}

async fn of_person(
    db: &impl ConnectionTrait,
    business: BusinessId,
    person: &str,
    which: Expr,
) -> Result<Vec<MessageRecord>, RecordsError> {
    let rows = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Person.eq(person))
        .filter(which)
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(MAX_OWED)
        .all(db)
        .await?;
    rows.into_iter().map(MessageRecord::try_from).collect()
}

impl From<&MessageRecord> for WrittenFact {
    fn from(message: &MessageRecord) -> Self {
        let from_person = message.direction == MessageDirection::Incoming;
        Self { at: message.created_at, from_person, text: message.body.clone() }
    }
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
            kind: row.kind,
            media: row.media.unwrap_or_default().0,
            handled: row.handled,
            author: row.author,
            error_code: (row.error_code)
                .map(|code| column::number("messages.error_code", code))
                .transpose()?,
            cost: row.cost,
        })
    }
}
