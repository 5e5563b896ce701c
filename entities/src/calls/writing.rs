//! Writes of a call: its start, progress and end. Each write can come twice or out of order.

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId};
use sea_orm::sea_query::{CaseStatement, Expr, Func};
use sea_orm::{ColumnTrait, Condition};
use serde::{Deserialize, Serialize};

use super::row::{
    EndOfCall, NewCall, end_row, insert_new, keep_or_set, next_status, require_row, row, update,
};
use super::{CallRecord, CallStatus, early, find_record};
use crate::column;
use crate::database::{Database, Writes};
use crate::error::RecordsError;
use crate::tables::calls::Column;

#[derive(Debug, Clone, PartialEq)]
pub struct StartedCall {
    pub record: CallRecord,
    /// `false` if the call was stored before: a second webhook starts no second call (CALL-9).
    pub created: bool,
}

/// A status report of Twilio's on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub status: CallStatus,
    /// The first time reported is kept.
    pub answered_at: Option<Timestamp>,
}

/// Inserts a call; does nothing if it is stored already. If its end was reported before, it is ended
/// (CALL-11).
///
/// # Errors
/// [`RecordsError::NotFound`] if the business has no such lead or prompt,
/// [`RecordsError::Conflict`] if the call belongs to another business.
pub async fn insert_started(
    db: &impl Writes,
    business: BusinessId,
    call: NewCall,
) -> Result<StartedCall, RecordsError> {
    let told = db.told();
    db.write_here(move |db| async move {
        let db = &*db;
        let (call_sid, started_at) = (call.call_sid.clone(), call.started_at);
        let inserted = insert_new(db, row(business, call)).await?;
        early::apply(db, &told, business, &call_sid, started_at).await?;
        let record = find_record(db, business, &call_sid).await?.ok_or(RecordsError::Conflict)?;
        Ok(StartedCall { record, created: inserted > 0 })
    })
    .await
}

/// Links a call to its lead. The first link is kept.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call or lead.
pub async fn link_lead(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    lead: LeadId,
) -> Result<(), RecordsError> {
    let call = call.clone();
    db.write_here(move |db| async move {
        let (db, call) = (&*db, &call);
        let update = update(business, call).col_expr(
            Column::LeadId,
            Func::coalesce([Expr::col(Column::LeadId), Expr::val(lead.0)]).into(),
        );
        require_row(update.exec(db).await?)
    })
    .await
}

/// Updates a call's status; a terminal status is never replaced, and a call that is over was not
/// answered later.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call.
pub async fn record_progress(
    db: &impl Writes,
    business: BusinessId,
    call: &CallSid,
    progress: Progress,
) -> Result<(), RecordsError> {
    let call = call.clone();
    db.write_here(move |db| async move {
        let (db, call) = (&*db, &call);
        let answered = progress.answered_at.map(column::from_instant);
        let is_over = Condition::all().add(Column::EndedAt.is_not_null());
        let answered = CaseStatement::new()
            .case(is_over, Expr::col(Column::AnsweredAt))
            .finally(keep_or_set(Column::AnsweredAt, answered));
        let update = update(business, call)
            .col_expr(Column::Status, next_status(Some(progress.status)))
            .col_expr(Column::AnsweredAt, answered.into());
        require_row(update.exec(db).await?)
    })
    .await
}

/// Ends a call. The first observer sets time, reason and `ended_by`; later ones fill in what is
/// still missing.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call.
pub async fn record_end(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
    end: EndOfCall,
) -> Result<CallRecord, RecordsError> {
    let (call, told) = (call.clone(), db.told());
    db.write(move |db| async move {
        let (db, call) = (&db, &call);
        end_row(db, &told, business, call, end).await?;
        find_record(db, business, call).await?.ok_or(RecordsError::NotFound)
    })
    .await
}
