//! What a running call needs to go on in another process (RES-4). It is there as long as the call runs.
//!
//! The conversation grows with the call, so its entries are rows of their own: a write adds those that
//! are new or changed. Setup, state and entries are JSON, and only the actors read them.

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::column;
use crate::connection::begin_write;
use crate::database::{Database, Writes};
use crate::error::RecordsError;
use crate::tables::{call_snapshot_entries as entries, call_snapshots as snapshots, calls};

/// A row has four values, and a SQLite statement takes 32,766.
const ROWS_PER_STATEMENT: usize = 500;
/// How long a resume counts (CALL-1).
const RESUMES_COUNT_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How many resumes are kept: more than a call may have in that time.
const MAX_RESUMES: usize = 16;

/// A change of a call's snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotChange {
    /// Milliseconds since the call began. A change that is older than the stored one is ignored.
    pub taken_ms: u64,
    /// The facts that never change. They come with the first change; later ones may leave them out.
    pub setup: Option<String>,
    /// Everything but the facts and the conversation.
    pub state: String,
    /// When Twilio last asked to resume the call.
    pub resumes: Vec<Timestamp>,
    /// Entries of the conversation that are new or changed, with their numbers.
    pub entries: Vec<(u32, String)>,
}

/// A call's snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    pub business: BusinessId,
    /// Whether the call's record has its end.
    pub is_over: bool,
    pub setup: String,
    pub state: String,
    /// When Twilio asked to resume the call in the last minute, oldest first.
    pub resumes: Vec<Timestamp>,
    /// The conversation, in order.
    pub entries: Vec<String>,
}

/// Writes a change. Does nothing if the stored snapshot is newer, or if there is none and the change has
/// no setup.
///
/// # Errors
/// [`RecordsError::NotFound`] if the business has no such call.
pub async fn save(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    change: SnapshotChange,
) -> Result<(), RecordsError> {
    let call = call.clone();
    db.write_here(move |db| async move {
        let SnapshotChange { taken_ms, setup, state, resumes, entries } = change;
        let taken_ms = i64::try_from(taken_ms).unwrap_or(i64::MAX);
        let written = match setup {
            Some(setup) => {
                let row = snapshots::ActiveModel {
                    call_sid: Set(call.to_string()),
                    business_id: Set(business.0),
                    taken_ms: Set(taken_ms),
                    setup: Set(setup),
                    state: Set(state),
                    resumes: Set(resumes_text(&resumes)),
                };
                let insert = snapshots::Entity::insert(row).on_conflict(newer_replaces());
                insert.exec_without_returning(&*db).await?
            }
            None => {
                let update = snapshots::Entity::update_many()
                    .col_expr(snapshots::Column::TakenMs, Expr::val(taken_ms))
                    .col_expr(snapshots::Column::State, Expr::val(state))
                    .col_expr(snapshots::Column::Resumes, Expr::val(resumes_text(&resumes)))
                    .filter(snapshots::Column::CallSid.eq(call.as_str()))
                    .filter(snapshots::Column::BusinessId.eq(business.0))
                    .filter(snapshots::Column::TakenMs.lte(taken_ms));
                update.exec(&*db).await?.rows_affected
            }
        };
        if written > 0 {
            save_entries(&*db, business, &call, entries).await?;
        }
        Ok(())
    })
    .await
}

async fn save_entries(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
    entries: Vec<(u32, String)>,
) -> Result<(), RecordsError> {
    let column = [entries::Column::CallSid, entries::Column::Number];
    let newest_stays = OnConflict::columns(column)
        .update_column(entries::Column::Entry)
        .action_and_where(
            Expr::col((entries::Entity, entries::Column::BusinessId))
                .eq(Expr::col(("excluded", entries::Column::BusinessId))),
        )
        .to_owned();
    let rows: Vec<_> = (entries.into_iter())
        .map(|(number, entry)| entries::ActiveModel {
            call_sid: Set(call.to_string()),
            number: Set(i64::from(number)),
            business_id: Set(business.0),
            entry: Set(entry),
        })
        .collect();
    for part in rows.chunks(ROWS_PER_STATEMENT) {
        let insert = entries::Entity::insert_many(part.to_vec());
        insert.on_conflict(newest_stays.clone()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Rows of another business stay as they are.
fn newer_replaces() -> OnConflict {
    let new = |column| Expr::col(("excluded", column));
    let known = |column| Expr::col((snapshots::Entity, column));
    let mut conflict = OnConflict::column(snapshots::Column::CallSid);
    conflict.update_columns([
        snapshots::Column::TakenMs,
        snapshots::Column::Setup,
        snapshots::Column::State,
        snapshots::Column::Resumes,
    ]);
    conflict
        .action_and_where(
            known(snapshots::Column::TakenMs)
                .lte(new(snapshots::Column::TakenMs))
                .and(known(snapshots::Column::BusinessId).eq(new(snapshots::Column::BusinessId))),
        )
        .to_owned()
}

/// The snapshot of a call, whichever business has it: a resume names the call alone.
pub async fn of_any_business(
    db: &Database,
    call: &CallSid,
) -> Result<Option<StoredSnapshot>, RecordsError> {
    let call = call.clone();
    db.read_first(move |db| async move { find(&db, &call).await }).await
}

/// The same, for a resume at `now`, which is counted before anything else happens: a daemon that dies of
/// a call does not take it up for ever. The answer has the resumes before this one.
pub async fn resume(
    db: &Database,
    call: &CallSid,
    now: Timestamp,
) -> Result<Option<StoredSnapshot>, RecordsError> {
    let call = call.clone();
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let Some(mut found) = find(&transaction, &call).await? else { return Ok(None) };
        let since = now.checked_sub(RESUMES_COUNT_FOR).unwrap_or(Timestamp::MIN);
        found.resumes.retain(|at| *at > since);
        let mut counted = found.resumes.clone();
        counted.push(now);
        let newest = counted.len().saturating_sub(MAX_RESUMES);
        let update = snapshots::Entity::update_many()
            .col_expr(snapshots::Column::Resumes, Expr::val(resumes_text(&counted[newest..])))
            .filter(snapshots::Column::CallSid.eq(call.as_str()))
            .filter(snapshots::Column::BusinessId.eq(found.business.0));
        update.exec(&transaction).await?;
        transaction.commit().await?;
        Ok(Some(found))
    })
    .await
}

/// The calls that have ended and left a snapshot: the process died before it had finished them. Of all
/// businesses; the sweep reads them.
pub async fn left_behind(db: &Database) -> Result<Vec<CallSid>, RecordsError> {
    db.read(move |db| async move {
        let ended = calls::Entity::find()
            .select_only()
            .column(calls::Column::CallSid)
            .filter(calls::Column::EndedAt.is_not_null());
        let left: Vec<String> = snapshots::Entity::find()
            .select_only()
            .column(snapshots::Column::CallSid)
            .filter(snapshots::Column::CallSid.in_subquery(sea_orm::QueryTrait::into_query(ended)))
            .order_by_asc(snapshots::Column::CallSid)
            .into_tuple()
            .all(&db)
            .await?;
        left.iter().map(|call| column::id("call_snapshots.call_sid", call)).collect()
    })
    .await
}

/// Removes a call's snapshot. One that is not there is no error.
pub async fn remove(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
) -> Result<(), RecordsError> {
    let call = call.clone();
    db.write_here(move |db| async move {
        entries::Entity::delete_many()
            .filter(entries::Column::CallSid.eq(call.as_str()))
            .filter(entries::Column::BusinessId.eq(business.0))
            .exec(&*db)
            .await?;
        snapshots::Entity::delete_many()
            .filter(snapshots::Column::CallSid.eq(call.as_str()))
            .filter(snapshots::Column::BusinessId.eq(business.0))
            .exec(&*db)
            .await?;
        Ok(())
    })
    .await
}

async fn find(
    db: &impl ConnectionTrait,
    call: &CallSid,
) -> Result<Option<StoredSnapshot>, RecordsError> {
    let Some(row) = snapshots::Entity::find_by_id(call.to_string()).one(db).await? else {
        return Ok(None);
    };
    let is_over = calls::Entity::find_by_id(call.to_string())
        .filter(calls::Column::EndedAt.is_not_null())
        .select_only()
        .column(calls::Column::CallSid)
        .into_tuple::<String>()
        .one(db)
        .await?
        .is_some();
    let entries = entries::Entity::find()
        .select_only()
        .column(entries::Column::Entry)
        .filter(entries::Column::CallSid.eq(call.as_str()))
        .filter(entries::Column::BusinessId.eq(row.business_id))
        .order_by_asc(entries::Column::Number)
        .into_tuple()
        .all(db)
        .await?;
    let column = "call_snapshots.resumes";
    let resumes = row.resumes.split_whitespace();
    let resumes = resumes.map(|at| at.parse().map_err(|_| RecordsError::Corrupt { column }));
    Ok(Some(StoredSnapshot {
        business: BusinessId(row.business_id),
        is_over,
        setup: row.setup,
        state: row.state,
        resumes: resumes.collect::<Result<_, _>>()?,
        entries,
    }))
}

fn resumes_text(resumes: &[Timestamp]) -> String {
    resumes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
