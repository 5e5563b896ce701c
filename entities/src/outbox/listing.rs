//! Shows events, and sends dead ones again.

use jiff::Timestamp;
use protocol::ids::BusinessId;
use protocol::webhooks::EventKind;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::claiming::waiting;
use super::{Number, OutboxRecord, OutboxState};
use crate::audit::{self, NewEntry};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::outbox::{Column, Entity};

/// Which events [`list`] returns; the default is all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxFilter {
    pub state: Option<OutboxState>,
    pub kind: Option<EventKind>,
}

/// Which dead events are sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// The one with this id, for each of its targets.
    One(Uuid),
}

/// What waits, of all businesses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
}

/// A page of a business's events, the newest first, that begins behind `after`.
pub async fn list(
    db: &Database,
    business: BusinessId,
    filter: OutboxFilter,
    after: Option<Number>,
    limit: u32,
) -> Result<Page<OutboxRecord, Number>, RecordsError> {
    db.read(move |db| async move {
        let condition = Condition::all()
            .add(Column::BusinessId.eq(business.0))
            .add_option(filter.state.map(|state| Column::State.eq(state)))
            .add_option(filter.kind.map(|kind| Column::Event.eq(kind.as_str())))
            .add_option(after.map(|after| Column::Number.lt(after.0)));
        let query = Entity::find().filter(condition).order_by_desc(Column::Number);
        let rows = query.limit(rows_for(limit)).all(&db).await?;
        let rows = rows.into_iter().map(OutboxRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |record: &OutboxRecord| record.number))
    })
    .await
}

/// The newest events of all businesses, in this state if one is given.
pub async fn latest(
    db: &Database,
    state: Option<OutboxState>,
    limit: u32,
) -> Result<Vec<OutboxRecord>, RecordsError> {
    db.read(move |db| async move {
        let condition = Condition::all().add_option(state.map(|state| Column::State.eq(state)));
        let query = Entity::find().filter(condition).order_by_desc(Column::Number);
        let rows = query.limit(u64::from(limit)).all(&db).await?;
        rows.into_iter().map(OutboxRecord::try_from).collect()
    })
    .await
}

/// Sends dead events of a business again, as if they were new. Returns how many. `entry` goes into the audit log
/// if there are any.
pub async fn resend(
    db: &Database,
    business: BusinessId,
    which: Which,
    now: Timestamp,
    entry: Option<NewEntry>,
) -> Result<u64, RecordsError> {
    let told = db.told();
    db.write(move |db| async move {
        let mut update = Entity::update_many()
            .col_expr(Column::State, Expr::value(OutboxState::Waiting))
            .col_expr(Column::DueAt, Expr::value(column::from_instant(now)))
            .col_expr(Column::Tries, Expr::value(0_i64))
            .col_expr(Column::FirstTriedAt, Expr::value(None::<DateTimeUtc>))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::State.eq(OutboxState::Dead));
        if let Which::One(id) = which {
            update = update.filter(Column::Id.eq(id));
        }
        let revived = update.exec(&db).await?.rows_affected;
        if revived > 0 {
            if let Some(entry) = entry {
                audit::insert(&db, entry).await?;
            }
            told.something();
        }
        Ok(revived)
    })
    .await
}

/// What waits, of all businesses: for the metrics.
pub async fn backlog(db: &Database) -> Result<Backlog, RecordsError> {
    db.read(move |db| async move {
        let those = || Entity::find().filter(waiting());
        let oldest: Option<DateTimeUtc> = those()
            .select_only()
            .column(Column::CreatedAt)
            .order_by_asc(Column::CreatedAt)
            .into_tuple()
            .one(&db)
            .await?;
        let waiting = those().count(&db).await?;
        Ok(Backlog { waiting, oldest: column::optional_instant("outbox.created_at", oldest)? })
    })
    .await
}
