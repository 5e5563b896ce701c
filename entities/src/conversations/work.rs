//! Who works on a conversation: claimed by a lease, renewed, and given back.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use uuid::Uuid;

use super::claimant::{Claimant, is_free};
use super::{ConversationId, ConversationRecord};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::messages::{self, MessageRecord};
use crate::outbox;
use crate::privacy;
use crate::tables::conversations::{Column, Entity};

/// Who works on a conversation, and by which right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub business: BusinessId,
    pub conversation: ConversationId,
    /// The owner's: a claim is renewed by the same one only.
    pub owner: Uuid,
    /// Raised by each claim.
    pub fence: i64,
}

/// A conversation that is worked on.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    pub claim: Claim,
    pub record: ConversationRecord,
    /// As it was stored last; `None` at the beginning.
    pub state: Option<serde_json::Value>,
    /// What the person has written and is not handled, oldest first.
    pub owed: Vec<MessageRecord>,
    /// An operator's messages that Twilio does not have, oldest first.
    pub by_hand: Vec<MessageRecord>,
}

/// Claims a conversation. `None` if another owner works on it, or this business has none such.
pub async fn claim(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    by: impl Into<Claimant>,
    until: Timestamp,
    now: Timestamp,
) -> Result<Option<Claimed>, RecordsError> {
    let (person, by) = (person.clone(), by.into());
    let owner = by.owner;
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let claimed = Entity::update_many()
            .col_expr(Column::LeaseOwner, Expr::value(owner))
            .col_expr(Column::LeaseUntil, Expr::value(column::from_instant(until)))
            .col_expr(Column::LeaseFence, Expr::col(Column::LeaseFence).add(1))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .filter(is_free(now, by.passes_over()))
            .exec(&transaction)
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(None);
        }
        let row = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .one(&transaction)
            .await?
            .ok_or(RecordsError::NotFound)?;
        let (state, fence) = (row.state.clone(), row.lease_fence);
        let owed = messages::owed(&transaction, business, person.as_str()).await?;
        let by_hand = messages::unsent_by_hand(&transaction, business, person.as_str()).await?;
        transaction.commit().await?;
        let conversation = ConversationId(row.id);
        let claim = Claim { business, conversation, owner, fence };
        Ok(Some(Claimed { claim, record: row.try_into()?, state, owed, by_hand }))
    })
    .await
}

/// What waits in a conversation: what the person has written, and what an operator has.
pub async fn waiting(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<(Vec<MessageRecord>, Vec<MessageRecord>), RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let owed = messages::owed(&db, business, person.as_str()).await?;
        Ok((owed, messages::unsent_by_hand(&db, business, person.as_str()).await?))
    })
    .await
}

/// Keeps a claim until then. `false` if it is lost.
pub async fn renew(db: &Database, claim: Claim, until: Timestamp) -> Result<bool, RecordsError> {
    db.write(move |db| async move {
        let renewed = under(claim)
            .col_expr(Column::LeaseUntil, Expr::value(column::from_instant(until)))
            .exec(&db)
            .await?;
        Ok(renewed.rows_affected > 0)
    })
    .await
}

/// A message did not reach the person: a person of the business is needed. With `opted_out` nothing more
/// is sent by itself.
pub async fn mark_undelivered(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    why: &'static str,
    opted_out: bool,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let (person, key, told) = (person.clone(), db.person_key(), db.told());
    db.write(move |db| async move {
        let mut update = Entity::update_many()
            .col_expr(Column::NeedsPerson, Expr::value(why))
            .col_expr(Column::NeedsPersonSince, Expr::value(column::from_instant(now)))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()));
        if opted_out {
            update = update.col_expr(Column::OptedOut, Expr::value(true));
        }
        let transaction = begin_write(&db).await?;
        for row in update.exec_with_returning(&transaction).await? {
            let of = (row.id, &person);
            outbox::tell_of_need(&transaction, &told, business, of, why, now).await?;
        }
        if let Some(key) = key.filter(|_| opted_out) {
            privacy::note_opt_out(&transaction, &key, business, &person, true, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Ends a claim. What has come since the last step stays due.
pub async fn release(db: &Database, claim: Claim) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        under(claim)
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// Ends the claims of an owner that stops.
pub async fn release_of(db: &Database, owner: Uuid) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .filter(Column::LeaseUntil.is_not_null())
            .filter(Column::LeaseOwner.eq(owner))
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// Ends the claims of all owners. For a daemon that has the database for itself, before it claims anything.
pub async fn release_all(db: &Database) -> Result<(), RecordsError> {
    db.write(|db| async move {
        Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .filter(Column::LeaseUntil.is_not_null())
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// The row, as long as the claim is right.
pub(super) fn under(claim: Claim) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(claim.conversation.0))
        .filter(Column::BusinessId.eq(claim.business.0))
        .filter(Column::LeaseOwner.eq(claim.owner))
        .filter(Column::LeaseFence.eq(claim.fence))
}
