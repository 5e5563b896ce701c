//! The turns of a call: who said what, and how much of it the caller heard.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, ItemId, ToolCallId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::column;
use crate::database::{Database, Writes};
use crate::error::RecordsError;
use crate::tables::call_turns::{ActiveModel, Column, Entity, Model};

pub use crate::values::TurnRole;

/// A row has twelve values, and a SQLite statement takes 32,766.
const ROWS_PER_STATEMENT: usize = 500;

/// What was measured of a turn. Each is `None` if it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnMeasures {
    /// Of an answer: how many milliseconds the caller waited for it.
    pub waited_ms: Option<u32>,
    /// Of speech: its whole length in milliseconds, however much of it was heard.
    pub lasts_ms: Option<u32>,
    /// Of a tool call and of its output: the name that both have.
    pub tool_call: Option<ToolCallId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnRow {
    /// Its position in the call.
    pub seq: u32,
    pub role: TurnRole,
    /// The conversation item of the turn.
    pub item_id: Option<ItemId>,
    /// What was said; `None` until the transcript arrives.
    pub text: Option<String>,
    /// Milliseconds of an agent's turn that were played to the caller.
    pub heard_ms: Option<u32>,
    /// Whether the caller interrupted it.
    pub cut: bool,
    /// When it began; of a caller's turn, when it was over.
    pub at: Timestamp,
    #[serde(default)]
    pub measures: TurnMeasures,
}

/// A turn, with the call that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnOfCall {
    pub business: BusinessId,
    pub call: CallSid,
    pub turn: TurnRow,
}

/// Writes turns of one call, as [`upsert_all`] does.
pub async fn upsert_many(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    turns: &[TurnRow],
) -> Result<(), RecordsError> {
    let of_call = |turn: &TurnRow| TurnOfCall { business, call: call.clone(), turn: turn.clone() };
    upsert_all(db, turns.iter().map(of_call)).await
}

/// Inserts turns, or updates those that are stored. A known value replaces the stored one, and
/// `None` changes nothing. A turn once cut stays cut. Role and time are never updated.
///
/// # Errors
/// [`RecordsError::NotFound`] if a business has no such call.
pub async fn upsert_all(
    db: &impl Writes,
    turns: impl IntoIterator<Item = TurnOfCall>,
) -> Result<(), RecordsError> {
    let turns = merge_by_key(turns)?;
    db.write_here(move |db| async move {
        for part in turns.chunks(ROWS_PER_STATEMENT) {
            let written = Entity::insert_many(part.iter().map(row))
                .on_conflict(merge_into_stored())
                .exec_without_returning(&*db)
                .await?;
            if written < part.len() as u64 {
                return Err(RecordsError::NotFound);
            }
        }
        Ok(())
    })
    .await
}

/// The turns of a call in order; empty if this business has no such call.
pub async fn of_call(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
) -> Result<Vec<TurnRow>, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let db = &db;
        let rows = Entity::find()
            .filter(Column::CallSid.eq(call.as_str()))
            .filter(Column::BusinessId.eq(business.0))
            .order_by_asc(Column::Seq)
            .all(db)
            .await?;
        rows.into_iter().map(TurnRow::try_from).collect()
    })
    .await
}

/// The last words that the caller or the agent said in a call.
pub async fn last_words(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<TurnRow>, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let found = Entity::find()
            .filter(Column::CallSid.eq(call.as_str()))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Role.is_in([TurnRole::Caller, TurnRole::Agent]))
            .filter(Column::Text.is_not_null())
            .order_by_desc(Column::Seq)
            .one(&db)
            .await?;
        found.map(TurnRow::try_from).transpose()
    })
    .await
}

/// Merges what is said of one turn, because one statement can write a row only once. A call has one
/// business, so what another one says of it has no row.
fn merge_by_key(
    turns: impl IntoIterator<Item = TurnOfCall>,
) -> Result<Vec<TurnOfCall>, RecordsError> {
    let mut merged: BTreeMap<(CallSid, u32), TurnOfCall> = BTreeMap::new();
    for new in turns {
        match merged.entry((new.call.clone(), new.turn.seq)) {
            Entry::Vacant(free) => drop(free.insert(new)),
            Entry::Occupied(known) if known.get().business == new.business => {
                known.into_mut().turn.merge(new.turn);
            }
            Entry::Occupied(_) => return Err(RecordsError::NotFound),
        }
    }
    Ok(merged.into_values().collect())
}

impl TurnRow {
    fn merge(&mut self, new: Self) {
        self.item_id = new.item_id.or_else(|| self.item_id.take());
        self.text = new.text.or_else(|| self.text.take());
        self.heard_ms = new.heard_ms.or(self.heard_ms);
        self.cut |= new.cut;
        self.measures.merge(new.measures);
    }
}

impl TurnMeasures {
    /// Takes what is known of the same turn elsewhere; what is `None` there changes nothing.
    pub fn merge(&mut self, new: Self) {
        self.waited_ms = new.waited_ms.or(self.waited_ms);
        self.lasts_ms = new.lasts_ms.or(self.lasts_ms);
        self.tool_call = new.tool_call.or_else(|| self.tool_call.take());
    }
}

/// The rule of [`TurnRow::merge`] in SQL. Rows of another business stay as they are.
fn merge_into_stored() -> OnConflict {
    let new = |column| Expr::col(("excluded", column));
    let known = |column| Expr::col((Entity, column));
    let mut conflict = OnConflict::columns([Column::CallSid, Column::Seq]);
    for column in [
        Column::ItemId,
        Column::Text,
        Column::HeardMs,
        Column::WaitedMs,
        Column::LastsMs,
        Column::ToolCall,
    ] {
        conflict.value(column, Func::coalesce([new(column), known(column)]));
    }
    conflict
        .value(Column::Cut, new(Column::Cut).or(known(Column::Cut)))
        .action_and_where(known(Column::BusinessId).eq(new(Column::BusinessId)))
        .to_owned()
}

fn row(TurnOfCall { business, call, turn }: &TurnOfCall) -> ActiveModel {
    ActiveModel {
        call_sid: Set(call.to_string()),
        seq: Set(i64::from(turn.seq)),
        business_id: Set(business.0),
        role: Set(turn.role),
        item_id: Set(turn.item_id.as_ref().map(ToString::to_string)),
        text: Set(turn.text.clone()),
        heard_ms: Set(turn.heard_ms.map(i64::from)),
        cut: Set(turn.cut),
        at: Set(column::from_instant(turn.at)),
        waited_ms: Set(turn.measures.waited_ms.map(i64::from)),
        lasts_ms: Set(turn.measures.lasts_ms.map(i64::from)),
        tool_call: Set(turn.measures.tool_call.as_ref().map(ToString::to_string)),
    }
}

impl TryFrom<Model> for TurnRow {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        let heard_ms = row.heard_ms.map(|heard| column::number("call_turns.heard_ms", heard));
        let waited_ms = row.waited_ms.map(|ms| column::number("call_turns.waited_ms", ms));
        let lasts_ms = row.lasts_ms.map(|ms| column::number("call_turns.lasts_ms", ms));
        Ok(Self {
            seq: column::number("call_turns.seq", row.seq)?,
            role: row.role,
            item_id: column::optional_id("call_turns.item_id", row.item_id)?,
            text: row.text,
            heard_ms: heard_ms.transpose()?,
            cut: row.cut,
            at: column::instant("call_turns.at", row.at)?,
            measures: TurnMeasures {
                waited_ms: waited_ms.transpose()?,
                lasts_ms: lasts_ms.transpose()?,
                tool_call: column::optional_id("call_turns.tool_call", row.tool_call)?,
            },
        })
    }
}
