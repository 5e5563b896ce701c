//! What comes from outside: a person's message, an operator's answer, an operator's mark.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use protocol::webhooks::EventKind;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{ConversationId, ConversationRecord, find};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::messages::{
    self, IncomingMessage, MessageAuthor, MessageDirection, MessageId, MessageKind, MessageRecord,
    MessageStatus,
};
use crate::outbox::{self, MessageData, NewEvent};
use crate::privacy;
use crate::tables::conversations::{ActiveModel, Column, Entity};
use crate::tables::messages as message_table;

/// A message that is in the database, and owed an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    pub conversation: ConversationId,
    pub message: MessageRecord,
    /// `false` if it was stored before: it is not answered again (WA-2).
    pub created: bool,
}

/// A message that an operator writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    pub id: MessageId,
    pub body: String,
}

/// Stores a message and the debt of an answer, in one transaction. A message whose identifier at Twilio is
/// stored already changes nothing.
///
/// # Errors
/// [`RecordsError::Conflict`] if another business has a message with that identifier,
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn take_in(
    db: &Database,
    business: BusinessId,
    message: IncomingMessage,
    new_id: ConversationId,
    now: Timestamp,
) -> Result<TakenIn, RecordsError> {
    let (key, told) = (db.person_key(), db.told());
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let (sid, person) = (message.provider_sid.clone(), message.person.clone());
        let row = messages::incoming_row(business, message, now);
        let by_sid = message_table::Column::ProviderSid.eq(sid);
        let stored = messages::insert(&transaction, business, row, by_sid).await?;
        let conversation = if stored.created {
            let id = open(&transaction, business, &person, new_id, now).await?;
            if let Some(key) = key.filter(|_| id == new_id)
                && privacy::is_opted_out(&transaction, &key, business, &person).await?
            {
                // An earlier conversation said so, and is gone.
                let opted_out = Entity::update_many()
                    .col_expr(Column::OptedOut, Expr::value(true))
                    .filter(Column::Id.eq(id.0));
                opted_out.exec(&transaction).await?;
            }
            let message = &stored.record;
            let key = message.id.0.to_string();
            let event = NewEvent::new(EventKind::MessageReceived, key, now);
            let event = event.of_conversation(id.0, &person).with(MessageData::new(message, id.0));
            outbox::tell(&transaction, &told, business, event).await?;
            id
        } else {
            let known = of_person(&transaction, business, &person).await?;
            known.ok_or(RecordsError::NotFound)?
        };
        transaction.commit().await?;
        Ok(TakenIn { conversation, message: stored.record, created: stored.created })
    })
    .await
}

/// Stores an operator's message, to be sent.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such conversation.
pub async fn write_by_hand(
    db: &Database,
    business: BusinessId,
    conversation: ConversationId,
    message: ByHand,
    now: Timestamp,
) -> Result<MessageRecord, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let known = find(&transaction, business, conversation).await?;
        let person = known.ok_or(RecordsError::NotFound)?.person;
        let id = message.id.0;
        let row = message_table::ActiveModel {
            id: Set(id),
            business_id: Set(business.0),
            person: Set(person),
            direction: Set(MessageDirection::Outgoing),
            provider_sid: Set(None),
            body: Set(message.body),
            status: Set(MessageStatus::Queued),
            created_at: Set(column::from_instant(now)),
            in_reply_to: Set(None),
            kind: Set(MessageKind::Text),
            media: Set(None),
            handled: Set(false),
            author: Set(Some(MessageAuthor::Operator)),
            error_code: Set(None),
            cost: Set(None),
        };
        let by_id = message_table::Column::Id.eq(id);
        let stored = messages::insert(&transaction, business, row, by_id).await?;
        if stored.created {
            let due = Entity::update_many()
                .col_expr(Column::Due, Expr::value(true))
                .col_expr(Column::ActiveAt, Expr::value(column::from_instant(now)))
                .filter(Column::Id.eq(conversation.0))
                .filter(Column::BusinessId.eq(business.0));
            due.exec(&transaction).await?;
        }
        transaction.commit().await?;
        Ok(stored.record)
    })
    .await
}

/// A person of the business has seen to the conversation.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such conversation.
pub async fn mark_handled(
    db: &Database,
    business: BusinessId,
    conversation: ConversationId,
) -> Result<ConversationRecord, RecordsError> {
    db.write(move |db| async move {
        Entity::update_many()
            .col_expr(Column::NeedsPerson, Expr::value(None::<String>))
            .col_expr(Column::NeedsPersonSince, Expr::value(None::<sea_orm::prelude::DateTimeUtc>))
            .filter(Column::Id.eq(conversation.0))
            .filter(Column::BusinessId.eq(business.0))
            .exec(&db)
            .await?;
        let found = find(&db, business, conversation).await?.ok_or(RecordsError::NotFound)?;
        found.try_into()
    })
    .await
}

/// The person's conversation, in which an answer is owed now. Of two that are opened at the same time one
/// stays.
async fn open(
    db: &impl ConnectionTrait,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: ConversationId,
    now: Timestamp,
) -> Result<ConversationId, RecordsError> {
    let at = column::from_instant(now);
    let row = ActiveModel {
        id: Set(new_id.0),
        business_id: Set(business.0),
        person: Set(person.to_string()),
        lead_id: Set(None),
        began_at: Set(at),
        active_at: Set(at),
        last_came_at: Set(Some(at)),
        closed_at: Set(None),
        close_reason: Set(None),
        notes: Set(None),
        opted_out: Set(false),
        needs_person: Set(None),
        needs_person_since: Set(None),
        state: Set(None),
        due: Set(true),
        lease_owner: Set(None),
        lease_until: Set(None),
        lease_fence: Set(0),
    };
    let moved = OnConflict::columns([Column::BusinessId, Column::Person])
        .update_columns([Column::Due, Column::LastCameAt, Column::ActiveAt])
        .to_owned();
    let row = Entity::insert(row).on_conflict(moved).exec_with_returning(db).await?;
    Ok(ConversationId(row.id))
}

async fn of_person(
    db: &impl ConnectionTrait,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<Option<ConversationId>, RecordsError> {
    use sea_orm::QuerySelect as _;
    let found: Option<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Person.eq(person.as_str()))
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.map(ConversationId))
}
