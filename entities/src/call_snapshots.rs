//! What a running call needs to go on in another process (RES-4). It is there as long as the call runs.
//!
//! The conversation grows with the call, so its entries are rows of their own: a write adds those that
//! are new or changed. Setup, state and entries are JSON, and only the actors read them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, NodeId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
};

use uuid::Uuid;

use crate::column;
use crate::connection::begin_write;
use crate::database::{Database, Writes};
use crate::error::RecordsError;
use crate::tables::{call_snapshot_entries as entries, call_snapshots as snapshots, calls};

/// A row has five values at most, and a SQLite statement takes 32,766.
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

/// A change, with the call that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOf {
    pub business: BusinessId,
    pub call: CallSid,
    pub change: SnapshotChange,
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

/// Writes a change, as [`save_all`] does.
pub async fn save(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    change: SnapshotChange,
) -> Result<(), RecordsError> {
    save_all(db, vec![SnapshotOf { business, call: call.clone(), change }]).await
}

/// Writes changes of calls, given in the order in which they were taken. Ignores one if the stored
/// snapshot is newer, or if there is none and the change has no setup.
///
/// # Errors
/// [`RecordsError::NotFound`] if a business has no such call.
pub async fn save_all(db: &impl Writes, changes: Vec<SnapshotOf>) -> Result<(), RecordsError> {
    if changes.is_empty() {
        return Ok(());
    }
    let (first, later): (Vec<_>, Vec<_>) =
        merge_by_call(changes).into_iter().partition(|of| of.change.setup.is_some());
    db.write_here(move |db| async move {
        let mut written = update(&*db, &later).await?;
        for of in &first {
            if insert(&*db, of).await? {
                written.insert(of.key());
            }
        }
        let all = first.into_iter().chain(later);
        let rows = all.filter(|of| written.contains(&of.key())).flat_map(entry_rows);
        save_entries(&*db, rows.collect()).await
    })
    .await
}

/// Leaves one change of each call: the state of the newest, and the entries of all.
fn merge_by_call(changes: Vec<SnapshotOf>) -> Vec<SnapshotOf> {
    let mut merged: Vec<SnapshotOf> = Vec::new();
    for new in changes {
        let same = |of: &&mut SnapshotOf| of.call == new.call && of.business == new.business;
        match merged.iter_mut().find(same) {
            Some(known) => known.change.merge(new.change),
            None => merged.push(new),
        }
    }
    merged
}

impl SnapshotChange {
    fn merge(&mut self, new: Self) {
        let Self { taken_ms, setup, state, resumes, entries } = new;
        if taken_ms < self.taken_ms {
            return;
        }
        (self.taken_ms, self.state, self.resumes) = (taken_ms, state, resumes);
        self.setup = setup.or(self.setup.take());
        self.entries.retain(|(number, _)| entries.iter().all(|(newer, _)| newer != number));
        self.entries.extend(entries);
    }
}

/// Whether it was written.
async fn insert(db: &impl ConnectionTrait, of: &SnapshotOf) -> Result<bool, RecordsError> {
    let row = snapshots::ActiveModel {
        call_sid: Set(of.call.to_string()),
        business_id: Set(of.business.0),
        taken_ms: Set(of.taken_ms()),
        setup: Set(of.change.setup.clone().unwrap_or_default()),
        state: Set(of.change.state.clone()),
        resumes: Set(resumes_text(&of.change.resumes)),
    };
    let insert = snapshots::Entity::insert(row).on_conflict(newer_replaces());
    Ok(insert.exec_without_returning(db).await? > 0)
}

/// Updates stored snapshots in one statement. Returns those that were not newer.
async fn update(
    db: &impl ConnectionTrait,
    changes: &[SnapshotOf],
) -> Result<BTreeSet<(String, Uuid)>, RecordsError> {
    let mut written = BTreeSet::new();
    for part in changes.chunks(ROWS_PER_STATEMENT) {
        let values: Vec<Value> = part.iter().flat_map(SnapshotOf::values).collect();
        let backend = db.get_database_backend();
        let sql = update_sql(backend, part.len());
        let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        for row in rows {
            written.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        }
    }
    Ok(written)
}

/// Both databases call the columns of `VALUES` so in a common table expression.
fn update_sql(backend: DbBackend, rows: usize) -> String {
    const COLUMNS: usize = 5;
    let row = |row: usize| {
        let value = |column: usize| match backend == DbBackend::Postgres {
            true => format!("${}", row * COLUMNS + column + 1),
            false => "?".to_owned(),
        };
        format!("({})", (0..COLUMNS).map(value).collect::<Vec<_>>().join(", "))
    };
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    format!(
        "WITH new (new_call, new_business, new_taken, new_state, new_resumes) AS (VALUES {rows}) \
         UPDATE call_snapshots SET taken_ms = new_taken, state = new_state, resumes = new_resumes \
         FROM new WHERE call_sid = new_call AND business_id = new_business AND taken_ms <= new_taken \
         RETURNING call_sid, business_id"
    )
}

impl SnapshotOf {
    fn key(&self) -> (String, Uuid) {
        (self.call.to_string(), self.business.0)
    }

    fn taken_ms(&self) -> i64 {
        i64::try_from(self.change.taken_ms).unwrap_or(i64::MAX)
    }

    /// A row of the update.
    fn values(&self) -> [Value; 5] {
        [
            self.call.to_string().into(),
            self.business.0.into(),
            self.taken_ms().into(),
            self.change.state.as_str().into(),
            resumes_text(&self.change.resumes).into(),
        ]
    }
}

fn entry_rows(of: SnapshotOf) -> impl Iterator<Item = entries::ActiveModel> {
    let SnapshotOf { business, call, change } = of;
    change.entries.into_iter().map(move |(number, entry)| entries::ActiveModel {
        call_sid: Set(call.to_string()),
        number: Set(i64::from(number)),
        business_id: Set(business.0),
        entry: Set(entry),
    })
}

async fn save_entries(
    db: &impl ConnectionTrait,
    rows: Vec<entries::ActiveModel>,
) -> Result<(), RecordsError> {
    let column = [entries::Column::CallSid, entries::Column::Number];
    let newest_stays = OnConflict::columns(column)
        .update_column(entries::Column::Entry)
        .action_and_where(
            Expr::col((entries::Entity, entries::Column::BusinessId))
                .eq(Expr::col(("excluded", entries::Column::BusinessId))),
        )
        .to_owned();
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

/// The calls that have ended and left a snapshot, and that none of these nodes has: the process died before
/// it had finished them. Of all businesses; the sweep reads them.
pub async fn left_behind(db: &Database, nodes: Vec<NodeId>) -> Result<Vec<CallSid>, RecordsError> {
    db.read(move |db| async move {
        let elsewhere = Condition::any()
            .add(calls::Column::NodeId.is_null())
            .add(calls::Column::NodeId.is_not_in(nodes.into_iter().map(|node| node.0)));
        // The snapshots are few, the calls are many.
        let call = Expr::col((calls::Entity, calls::Column::CallSid));
        let ended = Query::select()
            .expr(Expr::val(1))
            .from(calls::Entity)
            .and_where(call.eq(Expr::col((snapshots::Entity, snapshots::Column::CallSid))))
            .and_where(calls::Column::EndedAt.is_not_null())
            .cond_where(elsewhere)
            .take();
        let left: Vec<String> = snapshots::Entity::find()
            .select_only()
            .column(snapshots::Column::CallSid)
            .filter(Expr::exists(ended))
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
