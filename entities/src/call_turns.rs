//! The turns of a call: who said what, and how much of it was heard.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, ItemId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter,
    QueryOrder,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::column;
use crate::error::RecordsError;
use crate::tables::call_turns::{ActiveModel, Column, Entity, Model};

/// How many rows one statement carries: nine values each, of the 32,766 SQLite takes.
const ROWS_PER_STATEMENT: usize = 500;

/// Who a turn belongs to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum TurnRole {
    /// The person.
    Caller,
    /// The voice of the business.
    Agent,
    /// A note to the agent.
    System,
    /// A tool's call or its output.
    Tool,
}

/// One turn of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TurnRow {
    /// Its place in the call.
    pub seq: u32,
    /// Whose it is.
    pub role: TurnRole,
    /// The conversation item it was.
    pub item_id: Option<ItemId>,
    /// What was said; `None` until the transcript comes.
    pub text: Option<String>,
    /// How many milliseconds of it were played to the caller, for the agent's turns.
    pub heard_ms: Option<u32>,
    /// Whether it was cut short by the caller.
    pub cut: bool,
    /// When it began.
    pub at: Timestamp,
}

/// Stores turns, or adds to those that are stored: what is known now replaces what was, what is
/// `None` now changes nothing, and a turn once cut stays cut. Its role and instant stay.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call.
pub async fn upsert_many(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
    turns: &[TurnRow],
) -> Result<(), RecordsError> {
    let turns = once_each(turns);
    for part in turns.chunks(ROWS_PER_STATEMENT) {
        let rows = part.iter().map(|turn| row(business, call, turn));
        let written = Entity::insert_many(rows)
            .on_conflict(add_to_what_is_known())
            .exec_without_returning(db)
            .await?;
        if written < part.len() as u64 {
            return Err(RecordsError::NotFound);
        }
    }
    Ok(())
}

/// The turns of a call, in order; none if this business has no such call.
///
/// # Errors
/// [`RecordsError`].
pub async fn of_call(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
) -> Result<Vec<TurnRow>, RecordsError> {
    let rows = Entity::find()
        .filter(Column::CallSid.eq(call.as_str()))
        .filter(Column::BusinessId.eq(business.0))
        .order_by_asc(Column::Seq)
        .all(db)
        .await?;
    rows.into_iter().map(TurnRow::try_from).collect()
}

/// Deletes a business's turns from before an instant (OPS-7), and says how many.
///
/// # Errors
/// [`RecordsError`].
pub async fn delete_before(
    db: &DatabaseConnection,
    business: BusinessId,
    instant: Timestamp,
) -> Result<u64, RecordsError> {
    let deleted = Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::At.lt(column::from_instant(instant)))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected)
}

/// Lays turns of the same place over each other, since one statement can touch a row only once.
fn once_each(turns: &[TurnRow]) -> Vec<TurnRow> {
    let mut merged: BTreeMap<u32, TurnRow> = BTreeMap::new();
    for turn in turns {
        merged
            .entry(turn.seq)
            .and_modify(|known| {
                known.item_id = turn.item_id.clone().or_else(|| known.item_id.take());
                known.text = turn.text.clone().or_else(|| known.text.take());
                known.heard_ms = turn.heard_ms.or(known.heard_ms);
                known.cut |= turn.cut;
            })
            .or_insert_with(|| turn.clone());
    }
    merged.into_values().collect()
}

/// The same as [`once_each`], by the database. A call of another business is left alone.
fn add_to_what_is_known() -> OnConflict {
    let new = |column| Expr::col(("excluded", column));
    let known = |column| Expr::col((Entity, column));
    let mut conflict = OnConflict::columns([Column::CallSid, Column::Seq]);
    for column in [Column::ItemId, Column::Text, Column::HeardMs] {
        conflict.value(column, Func::coalesce([new(column), known(column)]));
    }
    conflict
        .value(Column::Cut, new(Column::Cut).or(known(Column::Cut)))
        .action_and_where(known(Column::BusinessId).eq(new(Column::BusinessId)))
        .to_owned()
}

fn row(business: BusinessId, call: &CallSid, turn: &TurnRow) -> ActiveModel {
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
    }
}

impl TryFrom<Model> for TurnRow {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        let heard_ms = row.heard_ms.map(|heard| column::number("call_turns.heard_ms", heard));
        Ok(Self {
            seq: column::number("call_turns.seq", row.seq)?,
            role: row.role,
            item_id: column::id_if_any("call_turns.item_id", row.item_id)?,
            text: row.text,
            heard_ms: heard_ms.transpose()?,
            cut: row.cut,
            at: column::instant("call_turns.at", row.at)?,
        })
    }
}
