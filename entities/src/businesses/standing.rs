//! A business that does not answer for a while, and one that is removed.

use jiff::Timestamp;
use protocol::ids::BusinessId;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
};

use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::outbox::{self, ImportOutbox};
use crate::tables::businesses::{Column, Entity};
use crate::tables::{
    appointments, business_numbers, calls, conversations, leads, messages, outbox as events, tokens,
};
use crate::values::{AppointmentStatus, OutboxState};

/// What went with a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    pub numbers: u64,
    /// Events that were not sent yet.
    pub events: u64,
    pub tokens: u64,
}

/// What is stored of a removed business's people. It is kept, and grows old as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub leads: u64,
    pub calls: u64,
    pub messages: u64,
    /// Appointments that are booked and not over.
    pub appointments: u64,
}

/// What came of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Done(Removed, Kept),
    /// Nothing was changed: so many calls run.
    Running(u64),
    /// It was removed before.
    Before,
}

/// From the next call on callers hear the apology. `false` if that was so before.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business, or it was removed.
pub async fn pause(
    db: &Database,
    business: BusinessId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    set_paused(db, business, Some(column::from_instant(now))).await
}

/// Answers again, from the next call on. `false` if it was not paused.
///
/// # Errors
/// As [`pause`].
pub async fn resume(db: &Database, business: BusinessId) -> Result<bool, RecordsError> {
    set_paused(db, business, None).await
}

async fn set_paused(
    db: &Database,
    business: BusinessId,
    at: Option<DateTimeUtc>,
) -> Result<bool, RecordsError> {
    db.write(move |db| async move {
        let was =
            if at.is_some() { Column::PausedAt.is_null() } else { Column::PausedAt.is_not_null() };
        let changed = Entity::update_many()
            .col_expr(Column::PausedAt, Expr::value(at))
            .filter(Column::Id.eq(business.0))
            .filter(Column::RemovedAt.is_null())
            .filter(was)
            .exec(&db)
            .await?;
        if changed.rows_affected > 0 {
            return Ok(true);
        }
        let found =
            Entity::find_by_id(business.0).filter(Column::RemovedAt.is_null()).one(&db).await?;
        found.map(|_| false).ok_or(RecordsError::NotFound)
    })
    .await
}

/// Takes away a business's numbers, its receiver of events, and its tokens. What is stored of its people stays.
/// An import of its file brings it back.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn remove(
    db: &Database,
    business: BusinessId,
    now: Timestamp,
) -> Result<Removal, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        // This also locks the row against an import.
        let removed = Entity::update_many()
            .col_expr(Column::RemovedAt, Expr::value(column::from_instant(now)))
            .col_expr(Column::PausedAt, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::WhatsappNumber, Expr::value(None::<String>))
            .filter(Column::Id.eq(business.0))
            .filter(Column::RemovedAt.is_null())
            .exec(&transaction)
            .await?;
        if removed.rows_affected == 0 {
            let found = Entity::find_by_id(business.0).one(&transaction).await?;
            return found.map(|_| Removal::Before).ok_or(RecordsError::NotFound);
        }
        let live = calls::Entity::find()
            .filter(calls::Column::BusinessId.eq(business.0))
            .filter(calls::Column::EndedAt.is_null())
            .count(&transaction)
            .await?;
        if live > 0 {
            // The transaction is rolled back.
            return Ok(Removal::Running(live));
        }
        let gone = take_away(&transaction, business).await?;
        let kept = count(&transaction, business, now).await?;
        transaction.commit().await?;
        Ok(Removal::Done(gone, kept))
    })
    .await
}

async fn take_away(
    transaction: &DatabaseTransaction,
    business: BusinessId,
) -> Result<Removed, RecordsError> {
    let numbers = business_numbers::Entity::delete_many()
        .filter(business_numbers::Column::BusinessId.eq(business.0))
        .exec(transaction)
        .await?;
    outbox::store_subscriptions(transaction, business, ImportOutbox::default()).await?;
    let events = events::Entity::delete_many()
        .filter(events::Column::BusinessId.eq(business.0))
        .filter(events::Column::State.eq(OutboxState::Waiting))
        .exec(transaction)
        .await?;
    let tokens = tokens::Entity::delete_many()
        .filter(tokens::Column::BusinessId.eq(business.0))
        .exec(transaction)
        .await?;
    // Nobody is answered any more.
    conversations::Entity::update_many()
        .col_expr(conversations::Column::Due, Expr::value(false))
        .filter(conversations::Column::BusinessId.eq(business.0))
        .exec(transaction)
        .await?;
    Ok(Removed {
        numbers: numbers.rows_affected,
        events: events.rows_affected,
        tokens: tokens.rows_affected,
    })
}

async fn count(
    db: &impl ConnectionTrait,
    business: BusinessId,
    now: Timestamp,
) -> Result<Kept, RecordsError> {
    let leads = leads::Entity::find().filter(leads::Column::BusinessId.eq(business.0));
    let calls = calls::Entity::find().filter(calls::Column::BusinessId.eq(business.0));
    let messages = messages::Entity::find().filter(messages::Column::BusinessId.eq(business.0));
    let ahead = appointments::Entity::find()
        .filter(appointments::Column::BusinessId.eq(business.0))
        .filter(appointments::Column::Status.eq(AppointmentStatus::Booked))
        .filter(appointments::Column::EndsAt.gt(column::from_instant(now)));
    Ok(Kept {
        leads: leads.count(db).await?,
        calls: calls.count(db).await?,
        messages: messages.count(db).await?,
        appointments: ahead.count(db).await?,
    })
}
