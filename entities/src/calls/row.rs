//! Statements on a call's row.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, Func, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, Iterable,
    QueryFilter, TransactionTrait, UpdateMany, UpdateResult,
};
use serde::{Deserialize, Serialize};

use super::{CallDirection, CallStatus};
use crate::column;
use crate::connection::begin_write;
use crate::database::Told;
use crate::error::RecordsError;
use crate::outbox::{self, CallEnd};
use crate::tables::calls::{ActiveModel, Column, Entity};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCall {
    pub call_sid: CallSid,
    pub direction: CallDirection,
    pub status: CallStatus,
    /// `None` if the caller withholds it.
    pub from_number: Option<PhoneNumber>,
    pub to_number: PhoneNumber,
    /// `None` if the lead is not known yet.
    pub lead_id: Option<LeadId>,
    pub prompt_version: i32,
    /// When its webhook arrived, or when it was placed.
    pub started_at: Timestamp,
    /// From a page of the console (CON-5).
    #[serde(default)]
    pub is_test: bool,
}

/// The end of a call as one observer reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndOfCall {
    pub ended_at: Timestamp,
    /// END-1. The first observer's reason is kept, with its `ended_at` and `ended_by`.
    pub end_reason: String,
    /// Who decided or noticed the end.
    pub ended_by: String,
    /// Twilio's terminal status, if this observer knows it.
    pub status: Option<CallStatus>,
    /// In whole seconds, as Twilio reports it.
    pub duration: Option<Duration>,
    /// Counters of the call.
    pub stats: Option<serde_json::Value>,
}

impl EndOfCall {
    pub(super) fn told(&self) -> CallEnd<'_> {
        let (at, reason) = (self.ended_at, self.end_reason.as_str());
        CallEnd { at, reason, is_whole: self.duration.is_some() }
    }
}

/// Ends the call's row, and tells of it (OPS-13); `false` if this business has no such call.
pub(super) async fn end_row(
    db: &impl TransactionTrait<Transaction = DatabaseTransaction>,
    told: &Told,
    business: BusinessId,
    call: &CallSid,
    end: EndOfCall,
) -> Result<bool, RecordsError> {
    let transaction = begin_write(db).await?;
    outbox::tell_end(&transaction, told, business, call, end.told(), false).await?;
    let done = ended(update(business, call), end).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(done.rows_affected > 0)
}

pub(super) fn ended(update: UpdateMany<Entity>, end: EndOfCall) -> UpdateMany<Entity> {
    let at = Some(column::from_instant(end.ended_at));
    reported(update, &end)
        .col_expr(Column::EndedAt, keep_or_set(Column::EndedAt, at))
        .col_expr(Column::EndReason, keep_or_set(Column::EndReason, Some(end.end_reason)))
        .col_expr(Column::EndedBy, keep_or_set(Column::EndedBy, Some(end.ended_by)))
        .col_expr(Column::Stats, keep_or_set(Column::Stats, end.stats))
}

/// What Twilio has reported of a call's end, and nothing else.
pub(super) fn reported(update: UpdateMany<Entity>, end: &EndOfCall) -> UpdateMany<Entity> {
    let duration = end.duration.map(column::from_seconds);
    update
        .col_expr(Column::Status, next_status(end.status))
        .col_expr(Column::DurationSecs, keep_or_set(Column::DurationSecs, duration))
}

/// The number of rows that were inserted: none if the call is stored already.
pub(super) async fn insert_new(
    db: &impl ConnectionTrait,
    row: ActiveModel,
) -> Result<u64, RecordsError> {
    let stays = OnConflict::column(Column::CallSid).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(stays).exec_without_returning(db).await?)
}

pub(super) fn update(business: BusinessId, call: &CallSid) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::CallSid.eq(call.as_str()))
        .filter(Column::BusinessId.eq(business.0))
}

/// The column's value, or `value` if it is null.
pub(super) fn keep_or_set<V>(column: Column, value: Option<V>) -> Expr
where
    Option<V>: Into<sea_orm::Value>,
{
    Func::coalesce([Expr::col(column), Expr::val(value)]).into()
}

/// The new status, or the stored one if that is terminal or there is no new one.
pub(super) fn next_status(status: Option<CallStatus>) -> Expr {
    let terminal = CallStatus::iter().filter(|status| status.is_terminal());
    let Some(status) = status else { return Expr::col(Column::Status) };
    CaseStatement::new()
        .case(Condition::all().add(Column::Status.is_in(terminal)), Expr::col(Column::Status))
        .finally(Expr::val(status))
        .into()
}

pub(super) fn require_row(result: UpdateResult) -> Result<(), RecordsError> {
    if result.rows_affected > 0 { Ok(()) } else { Err(RecordsError::NotFound) }
}

pub(super) fn row(business: BusinessId, call: NewCall) -> ActiveModel {
    ActiveModel {
        call_sid: Set(call.call_sid.to_string()),
        business_id: Set(business.0),
        lead_id: Set(call.lead_id.map(|lead| lead.0)),
        direction: Set(call.direction),
        status: Set(call.status),
        from_number: Set(call.from_number.map(|number| number.to_string())),
        to_number: Set(call.to_number.to_string()),
        prompt_version: Set(call.prompt_version),
        started_at: Set(column::from_instant(call.started_at)),
        answered_at: Set(None),
        ended_at: Set(None),
        duration_secs: Set(None),
        end_reason: Set(None),
        ended_by: Set(None),
        stats: Set(None),
        node_id: Set(None),
        fence: Set(0),
        erased_at: Set(None),
        is_test: Set(call.is_test),
    }
}
