//! What is written of a call while it runs and when it ends. Each can come twice or late.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, Func, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, EntityTrait, Iterable, QueryFilter, UpdateMany,
    UpdateResult,
};

use super::{CallDirection, CallRecord, CallStatus, get};
use crate::column;
use crate::error::RecordsError;
use crate::tables::calls::{ActiveModel, Column, Entity};

/// A call that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// The call.
    pub call_sid: CallSid,
    /// Who called whom.
    pub direction: CallDirection,
    /// How it stands.
    pub status: CallStatus,
    /// The calling number; `None` where it is withheld.
    pub from_number: Option<PhoneNumber>,
    /// The called number.
    pub to_number: PhoneNumber,
    /// The person's lead, if it is known by now.
    pub lead_id: Option<LeadId>,
    /// The prompt the call runs with.
    pub prompt_version: i32,
    /// When its webhook came, or it was placed.
    pub started_at: Timestamp,
}

/// A call that was stored, now or before.
#[derive(Debug, Clone, PartialEq)]
pub struct StartedCall {
    /// The call.
    pub record: CallRecord,
    /// Whether it was stored just now: a second webhook starts nothing twice (CALL-9).
    pub created: bool,
}

/// What Twilio says of a call that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How it stands.
    pub status: CallStatus,
    /// When it was answered, if it was; the first instant told is kept.
    pub answered_at: Option<Timestamp>,
}

/// What one observer of a call's end knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct EndOfCall {
    /// When it ended.
    pub ended_at: Timestamp,
    /// Why (END-1). The first observer's is kept, with its instant and its name.
    pub end_reason: String,
    /// What noticed or decided the end.
    pub ended_by: String,
    /// Twilio's terminal status, where this observer knows it.
    pub status: Option<CallStatus>,
    /// How long Twilio says it was, in whole seconds.
    pub duration: Option<Duration>,
    /// What was counted while it ran.
    pub stats: Option<serde_json::Value>,
}

/// Stores a call that begins, once.
///
/// # Errors
/// [`RecordsError::NotFound`] if the business has no such lead or prompt,
/// [`RecordsError::Conflict`] if the call is another business's.
pub async fn insert_started(
    db: &DatabaseConnection,
    business: BusinessId,
    call: NewCall,
) -> Result<StartedCall, RecordsError> {
    let call_sid = call.call_sid.clone();
    let inserted = Entity::insert(row(business, call))
        .on_conflict(OnConflict::column(Column::CallSid).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    let record = get(db, business, &call_sid).await?.ok_or(RecordsError::Conflict)?;
    Ok(StartedCall { record, created: inserted > 0 })
}

/// Notes whose lead a call is. The first one noted is kept.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call or lead.
pub async fn link_lead(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
    lead: LeadId,
) -> Result<(), RecordsError> {
    let update = update(business, call).col_expr(
        Column::LeadId,
        Func::coalesce([Expr::col(Column::LeadId), Expr::val(lead.0)]).into(),
    );
    found(update.exec(db).await?)
}

/// Notes how a call stands while it goes on; after its terminal status this changes nothing.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call.
pub async fn record_progress(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
    progress: Progress,
) -> Result<(), RecordsError> {
    let update = update(business, call)
        .col_expr(Column::Status, unless_terminal(Some(progress.status)))
        .col_expr(
            Column::AnsweredAt,
            first_of(Column::AnsweredAt, progress.answered_at.map(column::from_instant)),
        );
    found(update.exec(db).await?)
}

/// Keeps what a call needs to go on after the daemon's death. `false`: the call has ended, and
/// nothing was kept.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call.
pub async fn save_state(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
    state: serde_json::Value,
) -> Result<bool, RecordsError> {
    let saved = update(business, call)
        .col_expr(Column::State, Expr::val(state))
        .filter(Column::EndedAt.is_null())
        .exec(db)
        .await?;
    if saved.rows_affected > 0 {
        return Ok(true);
    }
    get(db, business, call).await?.map(|_| false).ok_or(RecordsError::NotFound)
}

/// Ends a call. Of several observers the first says when, why and by whom; later ones add what is
/// still missing. The state goes: an ended call is not resumed, and it holds what was said.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such call.
pub async fn record_end(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
    end: EndOfCall,
) -> Result<CallRecord, RecordsError> {
    let duration = end.duration.map(column::from_seconds);
    update(business, call)
        .col_expr(
            Column::EndedAt,
            first_of(Column::EndedAt, Some(column::from_instant(end.ended_at))),
        )
        .col_expr(Column::EndReason, first_of(Column::EndReason, Some(end.end_reason)))
        .col_expr(Column::EndedBy, first_of(Column::EndedBy, Some(end.ended_by)))
        .col_expr(Column::Status, unless_terminal(end.status))
        .col_expr(Column::DurationSecs, first_of(Column::DurationSecs, duration))
        .col_expr(Column::Stats, first_of(Column::Stats, end.stats))
        .col_expr(Column::State, Expr::val(None::<serde_json::Value>))
        .exec(db)
        .await?;
    get(db, business, call).await?.ok_or(RecordsError::NotFound)
}

fn update(business: BusinessId, call: &CallSid) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::CallSid.eq(call.as_str()))
        .filter(Column::BusinessId.eq(business.0))
}

/// What the column holds, or else `value`.
fn first_of<V>(column: Column, value: Option<V>) -> Expr
where
    Option<V>: Into<sea_orm::Value>,
{
    Func::coalesce([Expr::col(column), Expr::val(value)]).into()
}

/// `status`, unless there is none or the column holds a terminal one.
fn unless_terminal(status: Option<CallStatus>) -> Expr {
    let terminal = CallStatus::iter().filter(|status| status.is_terminal());
    let Some(status) = status else { return Expr::col(Column::Status) };
    CaseStatement::new()
        .case(Condition::all().add(Column::Status.is_in(terminal)), Expr::col(Column::Status))
        .finally(Expr::val(status))
        .into()
}

fn found(result: UpdateResult) -> Result<(), RecordsError> {
    if result.rows_affected > 0 { Ok(()) } else { Err(RecordsError::NotFound) }
}

fn row(business: BusinessId, call: NewCall) -> ActiveModel {
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
        state: Set(None),
        stats: Set(None),
    }
}
