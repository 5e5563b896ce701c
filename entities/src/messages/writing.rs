//! Writes of messages: each is stored once and answered once, and its status only moves forward.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QuerySelect};

use super::{
    MediaItem, MediaItems, MessageAuthor, MessageDirection, MessageId, MessageKind, MessageRecord,
    MessageStatus,
};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::messages::{ActiveModel, Column, Entity};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    pub id: MessageId,
    pub person: PhoneNumber,
    /// A message whose identifier is stored already is not stored again (WA-2).
    pub provider_sid: String,
    pub body: String,
    pub kind: MessageKind,
    pub media: Vec<MediaItem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    pub id: MessageId,
    pub person: PhoneNumber,
    pub body: String,
    /// The message that this one answers. A second answer to it is not stored.
    pub in_reply_to: Option<MessageId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    pub record: MessageRecord,
    /// `false` if it was stored before.
    pub created: bool,
}

/// Stores an incoming message, once per provider identifier.
///
/// # Errors
/// [`RecordsError::Conflict`] if another business has a message with that identifier,
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn insert_incoming(
    db: &Database,
    business: BusinessId,
    message: IncomingMessage,
    now: Timestamp,
) -> Result<StoredMessage, RecordsError> {
    db.write(move |db| async move {
        let db = &db;
        let provider_sid = message.provider_sid.clone();
        let row = incoming_row(business, message, now);
        insert(db, business, row, Column::ProviderSid.eq(provider_sid)).await
    })
    .await
}

/// An incoming message that waits for an answer.
pub(crate) fn incoming_row(
    business: BusinessId,
    message: IncomingMessage,
    now: Timestamp,
) -> ActiveModel {
    ActiveModel {
        id: Set(message.id.0),
        business_id: Set(business.0),
        person: Set(message.person.to_string()),
        direction: Set(MessageDirection::Incoming),
        provider_sid: Set(Some(message.provider_sid)),
        body: Set(message.body),
        status: Set(MessageStatus::Received),
        created_at: Set(column::from_instant(now)),
        in_reply_to: Set(None),
        kind: Set(message.kind),
        media: Set((!message.media.is_empty()).then_some(MediaItems(message.media))),
        handled: Set(false),
        author: Set(None),
        error_code: Set(None),
        cost: Set(None),
    }
}

/// Stores an outgoing message before it is sent. An answer is stored once per message that it
/// answers: whoever stored it (`created`) sends it.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business, or no such message to answer.
pub async fn insert_outgoing(
    db: &Database,
    business: BusinessId,
    message: OutgoingMessage,
    now: Timestamp,
) -> Result<StoredMessage, RecordsError> {
    db.write(move |db| async move {
        let db = &db;
        if let Some(question) = message.in_reply_to {
            let filter = Column::BusinessId.eq(business.0);
            let question = Entity::find_by_id(question.0).filter(filter).one(db).await?;
            question.ok_or(RecordsError::NotFound)?;
        }
        let stored = match message.in_reply_to {
            Some(question) => Column::InReplyTo.eq(question.0),
            None => Column::Id.eq(message.id.0),
        };
        let row = ActiveModel {
            id: Set(message.id.0),
            business_id: Set(business.0),
            person: Set(message.person.to_string()),
            direction: Set(MessageDirection::Outgoing),
            provider_sid: Set(None),
            body: Set(message.body),
            status: Set(MessageStatus::Queued),
            created_at: Set(column::from_instant(now)),
            in_reply_to: Set(message.in_reply_to.map(|question| question.0)),
            kind: Set(MessageKind::Text),
            media: Set(None),
            handled: Set(true),
            author: Set(Some(MessageAuthor::Agent)),
            error_code: Set(None),
            cost: Set(None),
        };
        insert(db, business, row, stored).await
    })
    .await
}

/// Stores the provider's identifier of a message that it accepted.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such message, or it has another identifier,
/// [`RecordsError::Conflict`] if another message has this identifier.
pub async fn set_provider_sid(
    db: &Database,
    business: BusinessId,
    message: MessageId,
    provider_sid: &str,
) -> Result<(), RecordsError> {
    let provider_sid = provider_sid.to_owned();
    db.write(move |db| async move {
        let (db, provider_sid) = (&db, &*provider_sid);
        let updated = Entity::update_many()
            .col_expr(Column::ProviderSid, Expr::value(provider_sid))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Id.eq(message.0))
            .filter(Column::ProviderSid.is_null().or(Column::ProviderSid.eq(provider_sid)))
            .exec(db)
            .await?;
        if updated.rows_affected > 0 { Ok(()) } else { Err(RecordsError::NotFound) }
    })
    .await
}

/// Moves a message's status forward and returns its status then. A late report of an earlier status
/// changes nothing (WA-4).
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no message with that identifier.
pub async fn set_status(
    db: &Database,
    business: BusinessId,
    provider_sid: &str,
    status: MessageStatus,
) -> Result<MessageStatus, RecordsError> {
    let provider_sid = provider_sid.to_owned();
    db.write(move |db| async move {
        let (db, provider_sid) = (&db, &*provider_sid);
        let before = MessageStatus::iter().filter(|before| before.may_become(status));
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(status))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::ProviderSid.eq(provider_sid))
            .filter(Column::Status.is_in(before))
            .exec(db)
            .await?;
        Entity::find()
            .select_only()
            .column(Column::Status)
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::ProviderSid.eq(provider_sid))
            .into_tuple()
            .one(db)
            .await?
            .ok_or(RecordsError::NotFound)
    })
    .await
}

/// What a status callback says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its row, if the callback's address names it: the callback may come before Twilio's answer to the
    /// request that sent it.
    pub message: Option<MessageId>,
    pub provider_sid: String,
    pub status: MessageStatus,
    pub error_code: Option<u32>,
}

/// Moves a message's status forward, and keeps its name at Twilio and its error. Returns the message if
/// its status has changed; `None` if the callback is late, or of a message that this business has not.
pub async fn report_delivery(
    db: &Database,
    business: BusinessId,
    delivery: Delivery,
) -> Result<Option<MessageRecord>, RecordsError> {
    db.write(move |db| async move {
        let Delivery { message, provider_sid, status, error_code } = delivery;
        let by_sid = Column::ProviderSid.eq(&*provider_sid);
        let which = match message {
            Some(id) => by_sid.or(Column::Id.eq(id.0).and(Column::ProviderSid.is_null())),
            None => by_sid,
        };
        let before = MessageStatus::iter().filter(|before| before.may_become(status));
        let updated = Entity::update_many()
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::ProviderSid, Expr::value(&*provider_sid))
            .col_expr(Column::ErrorCode, Expr::value(error_code.map(i64::from)))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Direction.eq(MessageDirection::Outgoing))
            .filter(which)
            .filter(Column::Status.is_in(before))
            .exec(&db)
            .await?;
        if updated.rows_affected == 0 {
            return Ok(None);
        }
        let of_business = Entity::find().filter(Column::BusinessId.eq(business.0));
        let found = of_business.filter(Column::ProviderSid.eq(&*provider_sid)).one(&db).await?;
        found.map(MessageRecord::try_from).transpose()
    })
    .await
}

/// Inserts a row unless it conflicts with a stored one; `stored` finds the row in both cases.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    business: BusinessId,
    row: ActiveModel,
    stored: Expr,
) -> Result<StoredMessage, RecordsError> {
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    let row = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(stored)
        .one(db)
        .await?
        .ok_or(RecordsError::Conflict)?;
    Ok(StoredMessage { record: row.try_into()?, created: inserted > 0 })
}
