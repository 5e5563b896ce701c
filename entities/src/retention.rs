//! What is too old is deleted (OPS-7): turns, snapshots, messages, conversations, events. How many turns, messages and conversations there were is
//! kept, by month and kind. Calls, leads and appointments stay.
//!
//! One unit of work takes a few rows of one kind, so nobody waits long for it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use protocol::ids::BusinessId;
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::{
    call_snapshot_entries as entries, call_snapshots as snapshots, call_turns as turns, calls,
    conversations, deleted_counts, messages, outbox,
};

pub use crate::values::DeletedKind;
use crate::values::OutboxState;

/// How long an event is kept once it is sent.
const SENT_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What can be too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sea_orm::EnumIter)]
pub enum Old {
    Turns,
    /// What running calls have left that were never finished.
    Snapshots,
    Messages,
    /// Those without messages. An opt-out stays, without anything that was said.
    Conversations,
    /// Events that are sent or dead.
    Events,
}

impl Old {
    /// In the order in which they go: a conversation goes after its messages.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }
}

/// How many rows of a kind were deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeletedCount {
    /// In which they were made, in UTC.
    #[schema(example = "2026-11")]
    pub month: String,
    pub kind: DeletedKind,
    pub count: u64,
}

/// Deletes at most `most` rows of a business that are older than `before`, the oldest first. Returns how
/// many: fewer than `most` if none is left.
pub async fn delete_old(
    db: &Database,
    business: BusinessId,
    what: Old,
    before: Timestamp,
    most: u32,
    now: Timestamp,
) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let (before, most) = (column::from_instant(before), u64::from(most));
        let db = &transaction;
        let deleted = match what {
            Old::Turns => old_turns(db, business, before, most).await?,
            Old::Snapshots => old_snapshots(db, business, before, most).await?,
            Old::Messages => old_messages(db, business, before, most).await?,
            Old::Conversations => {
                old_conversations(db, business, before, most, column::from_instant(now)).await?
            }
            Old::Events => {
                old_events(db, business, before, most, column::from_instant(now)).await?
            }
        };
        transaction.commit().await?;
        Ok(deleted)
    })
    .await
}

/// How many rows of a business were deleted, the newest month first.
pub async fn deleted(
    db: &Database,
    business: BusinessId,
) -> Result<Vec<DeletedCount>, RecordsError> {
    db.read(move |db| async move {
        use deleted_counts::{Column, Entity};
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .order_by_desc(Column::Month)
            .order_by_asc(Column::Kind)
            .all(&db)
            .await?;
        let count = |row: deleted_counts::Model| {
            let count = column::number("deleted_counts.count", row.count)?;
            Ok(DeletedCount { month: row.month, kind: row.kind, count })
        };
        rows.into_iter().map(count).collect()
    })
    .await
}

/// Counts rows that are deleted in the same transaction. `made` is when they were made.
pub(crate) async fn count_deleted(
    db: &impl ConnectionTrait,
    business: BusinessId,
    made: impl IntoIterator<Item = (DeletedKind, DateTimeUtc)>,
) -> Result<(), RecordsError> {
    use deleted_counts::{ActiveModel, Column, Entity};
    let mut counts = BTreeMap::<_, i64>::new();
    for (kind, at) in made {
        *counts.entry((at.format("%Y-%m").to_string(), kind)).or_default() += 1;
    }
    for ((month, kind), count) in counts {
        let row = ActiveModel {
            business_id: Set(business.0),
            month: Set(month),
            kind: Set(kind),
            count: Set(count),
        };
        let more = Expr::col((Entity, Column::Count)).add(count);
        let conflict = OnConflict::columns([Column::BusinessId, Column::Month, Column::Kind])
            .value(Column::Count, more)
            .to_owned();
        Entity::insert(row).on_conflict(conflict).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Sent ones are kept for a week, to be looked at.
async fn old_events(
    db: &impl ConnectionTrait,
    business: BusinessId,
    before: DateTimeUtc,
    most: u64,
    now: DateTimeUtc,
) -> Result<u64, RecordsError> {
    use outbox::{Column, Entity};
    let is_over = Condition::any()
        .add(Column::CreatedAt.lt(before))
        .add(Column::SentAt.lt(now - SENT_KEPT.unsigned_abs()));
    let found: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Number)
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::State.ne(OutboxState::Waiting))
        .filter(is_over)
        .order_by_asc(Column::Number)
        .limit(most)
        .lock(LockType::Update)
        .into_tuple()
        .all(db)
        .await?;
    let gone = Entity::delete_many()
        .filter(Column::Number.is_in(found))
        .filter(Column::State.ne(OutboxState::Waiting))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}

async fn old_turns(
    db: &impl ConnectionTrait,
    business: BusinessId,
    before: DateTimeUtc,
    most: u64,
) -> Result<u64, RecordsError> {
    use turns::{Column, Entity};
    let found: Vec<(String, i64, DateTimeUtc)> = Entity::find()
        .select_only()
        .columns([Column::CallSid, Column::Seq, Column::At])
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::At.lt(before))
        .order_by_asc(Column::At)
        .limit(most)
        .lock(LockType::Update)
        .into_tuple()
        .all(db)
        .await?;
    if found.is_empty() {
        return Ok(0);
    }
    let made = found.iter().map(|(_, _, at)| (DeletedKind::Turns, *at));
    count_deleted(db, business, made).await?;
    let keys = found.into_iter().map(|(call, seq, _)| (call, seq));
    let key = Expr::tuple([Expr::col(Column::CallSid), Expr::col(Column::Seq)]);
    let gone = Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(key.in_tuples(keys))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}

/// The rows of snapshots are few: one for each call that runs.
async fn old_snapshots(
    db: &impl ConnectionTrait,
    business: BusinessId,
    before: DateTimeUtc,
    most: u64,
) -> Result<u64, RecordsError> {
    let call = Expr::col((calls::Entity, calls::Column::CallSid));
    let of_old_call = Query::select()
        .expr(Expr::val(1))
        .from(calls::Entity)
        .and_where(call.eq(Expr::col((snapshots::Entity, snapshots::Column::CallSid))))
        .and_where(calls::Column::StartedAt.lt(before))
        .take();
    let found: Vec<String> = snapshots::Entity::find()
        .select_only()
        .column(snapshots::Column::CallSid)
        .filter(snapshots::Column::BusinessId.eq(business.0))
        .filter(Expr::exists(of_old_call))
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    entries::Entity::delete_many()
        .filter(entries::Column::BusinessId.eq(business.0))
        .filter(entries::Column::CallSid.is_in(found.clone()))
        .exec(db)
        .await?;
    let gone = snapshots::Entity::delete_many()
        .filter(snapshots::Column::BusinessId.eq(business.0))
        .filter(snapshots::Column::CallSid.is_in(found))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}

async fn old_messages(
    db: &impl ConnectionTrait,
    business: BusinessId,
    before: DateTimeUtc,
    most: u64,
) -> Result<u64, RecordsError> {
    use messages::{Column, Entity};
    let found: Vec<(Uuid, crate::values::MessageDirection, DateTimeUtc)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Direction, Column::CreatedAt])
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::CreatedAt.lt(before))
        .order_by_asc(Column::CreatedAt)
        .limit(most)
        .lock(LockType::Update)
        .into_tuple()
        .all(db)
        .await?;
    let made = found.iter().map(|(_, direction, at)| ((*direction).into(), *at));
    count_deleted(db, business, made).await?;
    let gone = Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Id.is_in(found.into_iter().map(|(id, ..)| id)))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}

async fn old_conversations(
    db: &impl ConnectionTrait,
    business: BusinessId,
    before: DateTimeUtc,
    most: u64,
    now: DateTimeUtc,
) -> Result<u64, RecordsError> {
    use conversations::{Column, Entity};
    let person = Expr::col((messages::Entity, messages::Column::Person));
    let a_message = Query::select()
        .expr(Expr::val(1))
        .from(messages::Entity)
        .and_where(messages::Column::BusinessId.eq(business.0))
        .and_where(person.eq(Expr::col((Entity, Column::Person))))
        .take();
    let says_something = Condition::any()
        .add(Expr::col((Entity, Column::OptedOut)).not())
        .add(Column::State.is_not_null())
        .add(Column::Notes.is_not_null())
        .add(Column::CloseReason.is_not_null())
        .add(Column::NeedsPerson.is_not_null());
    // Checked again when the row is written: the person may write in this moment.
    let rests = Condition::all()
        .add(Column::BusinessId.eq(business.0))
        .add(Column::ActiveAt.lt(before))
        .add(Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lt(now)));
    let found: Vec<(Uuid, bool, DateTimeUtc)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::OptedOut, Column::BeganAt])
        .filter(rests.clone())
        .filter(says_something)
        .filter(Expr::exists(a_message).not())
        .order_by_asc(Column::ActiveAt)
        .limit(most)
        .lock(LockType::Update)
        .into_tuple()
        .all(db)
        .await?;
    let (opted_out, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, out, _)| *out);
    let made = others.iter().map(|(_, _, at)| (DeletedKind::Conversations, *at));
    count_deleted(db, business, made).await?;
    let ids = |rows: Vec<(Uuid, bool, DateTimeUtc)>| rows.into_iter().map(|(id, ..)| id);
    let gone = Entity::delete_many()
        .filter(rests.clone())
        .filter(Column::Id.is_in(ids(others)))
        .exec(db)
        .await?;
    let emptied = Entity::update_many()
        .col_expr(Column::State, Expr::value(None::<serde_json::Value>))
        .col_expr(Column::Notes, Expr::value(None::<String>))
        .col_expr(Column::CloseReason, Expr::value(None::<String>))
        .col_expr(Column::NeedsPerson, Expr::value(None::<String>))
        .col_expr(Column::NeedsPersonSince, Expr::value(None::<DateTimeUtc>))
        .filter(rests)
        .filter(Column::Id.is_in(ids(opted_out)))
        .exec(db)
        .await?;
    Ok(gone.rows_affected + emptied.rows_affected)
}
