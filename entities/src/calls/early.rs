//! Ends that are reported before a call has a row (CALL-11). They are kept as rows of their own until
//! the call's row is written.
//!
//! Whoever writes one of the two tables looks at the other afterwards. On its own, a write is no
//! transaction, so that of two simultaneous writers at least one sees both. A batch sees only what others
//! have committed: at one time there may be one writer of batches, which the journal is.

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, NodeId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    TransactionTrait,
};

use super::row::{EndOfCall, end_row, ended, reported, update};
use crate::column;
use crate::connection::begin_write;
use crate::database::{Told, Writes};
use crate::error::RecordsError;
use crate::outbox;
use crate::tables::calls::Column as Calls;
use crate::tables::early_statuses::{ActiveModel, Column, Entity, Model};

/// How long an early end is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// How many are kept of one business. Past it the oldest go.
const MAX_KEPT: u64 = 1000;

/// Ends a call, as [`record_end`](super::record_end) does. A call without a row gets the end as soon as
/// it has one.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn report_end(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    end: EndOfCall,
) -> Result<(), RecordsError> {
    let (call, told) = (call.clone(), db.told());
    db.write_here(move |db| async move {
        let (db, call) = (&*db, &call);
        if end_row(db, &told, business, call, end.clone()).await? {
            return Ok(());
        }
        keep(db, business, call, &end).await?;
        if end_row(db, &told, business, call, end.clone()).await? {
            remove(db, business, call).await?;
        }
        forget_old(db, business, end.ended_at).await
    })
    .await
}

/// As [`report_end`], for a node that does not know whose the call is. A call that another node has is not
/// ended: its row gets the status and the duration, and that node, or whoever finds it dead, ends it.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn report_status(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    end: EndOfCall,
    reporter: NodeId,
) -> Result<(), RecordsError> {
    let (call_sid, reported_end, told) = (call.clone(), end.clone(), db.told());
    let is_written = db
        .write_here(move |db| async move {
            let (call, end) = (&call_sid, reported_end);
            let transaction = begin_write(&*db).await?;
            let is_free =
                Condition::any().add(Calls::NodeId.is_null()).add(Calls::NodeId.eq(reporter.0));
            let row = || update(business, call);
            let ends = ended(row(), end.clone()).filter(Calls::EndedAt.is_null()).filter(is_free);
            let is_written = if ends.exec(&transaction).await?.rows_affected > 0 {
                // This is the first end: others are told of it.
                outbox::tell_end(&transaction, &told, business, call, end.told(), true).await?;
                true
            } else {
                let known = ended(row(), end.clone()).filter(Calls::EndedAt.is_not_null());
                known.exec(&transaction).await?.rows_affected > 0
                    || reported(row(), &end).exec(&transaction).await?.rows_affected > 0
            };
            transaction.commit().await?;
            Ok(is_written)
        })
        .await?;
    if is_written { Ok(()) } else { report_end(db, business, call, end).await }
}

/// Ends a call whose row was just written, if its end was reported before.
pub(super) async fn apply(
    db: &(impl ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction>),
    told: &Told,
    business: BusinessId,
    call: &CallSid,
    started_at: Timestamp,
) -> Result<(), RecordsError> {
    let found = Entity::find_by_id((business.0, call.to_string()));
    let Some(early) = found.one(db).await? else { return Ok(()) };
    let mut end = EndOfCall::try_from(early)?;
    // No call ends before it begins.
    end.ended_at = end.ended_at.max(started_at);
    end_row(db, told, business, call, end).await?;
    remove(db, business, call).await
}

/// As [`apply`], for a call that a node has: it goes on until that node ends it.
pub(super) async fn apply_status(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
) -> Result<(), RecordsError> {
    let found = Entity::find_by_id((business.0, call.to_string()));
    let Some(early) = found.one(db).await? else { return Ok(()) };
    reported(update(business, call), &EndOfCall::try_from(early)?).exec(db).await?;
    remove(db, business, call).await
}

async fn keep(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
    end: &EndOfCall,
) -> Result<(), RecordsError> {
    let row = ActiveModel {
        call_sid: Set(call.to_string()),
        business_id: Set(business.0),
        status: Set(end.status),
        duration_secs: Set(end.duration.map(column::from_seconds)),
        ended_at: Set(column::from_instant(end.ended_at)),
        end_reason: Set(end.end_reason.clone()),
        ended_by: Set(end.ended_by.clone()),
    };
    let first_stays =
        OnConflict::columns([Column::BusinessId, Column::CallSid]).do_nothing().to_owned();
    Entity::insert(row).on_conflict(first_stays).exec_without_returning(db).await?;
    Ok(())
}

async fn remove(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
) -> Result<(), RecordsError> {
    Entity::delete_by_id((business.0, call.to_string())).exec(db).await?;
    Ok(())
}

async fn forget_old(
    db: &impl ConnectionTrait,
    business: BusinessId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let oldest = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let last_that_stays = Query::select()
        .expr(Expr::col(("kept", Column::EndedAt)))
        .from_as(Entity, "kept")
        .and_where(Expr::col(("kept", Column::BusinessId)).eq(business.0))
        .order_by(("kept", Column::EndedAt), sea_orm::Order::Desc)
        .limit(1)
        .offset(MAX_KEPT - 1)
        .take();
    let too_old = Expr::col(Column::EndedAt).lt(column::from_instant(oldest));
    let too_many = Expr::col(Column::EndedAt).lt(last_that_stays);
    Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(too_old.or(too_many))
        .exec(db)
        .await?;
    Ok(())
}

impl TryFrom<Model> for EndOfCall {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        let duration = row.duration_secs;
        let duration = duration.map(|secs| column::seconds("early_statuses.duration_secs", secs));
        Ok(Self {
            ended_at: column::instant("early_statuses.ended_at", row.ended_at)?,
            end_reason: row.end_reason,
            ended_by: row.ended_by,
            status: row.status,
            duration: duration.transpose()?,
            stats: None,
        })
    }
}
