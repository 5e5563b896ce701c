//! Calls that the daemon did not take (CALL-11).

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use super::row::{EndOfCall, NewCall, ended, insert_new, row, update};
use super::{CallDirection, CallRecord, CallStatus, early, find_record};
use crate::column;
use crate::connection::begin_write;
use crate::database::Writes;
use crate::error::RecordsError;
use crate::outbox;
use crate::tables::calls::{ActiveModel, Column};
use crate::tables::prompts;

/// A call that the daemon did not take: full, stopping, or without its database (CALL-11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedCall {
    pub call_sid: CallSid,
    pub direction: CallDirection,
    /// `None` if the caller withholds it.
    pub from_number: Option<PhoneNumber>,
    pub to_number: PhoneNumber,
    pub started_at: Timestamp,
    pub end: EndOfCall,
}

/// Inserts a refused call, with its end. A call that was placed and not answered is ended; any other
/// call that is stored already stays as it is.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business,
/// [`RecordsError::Conflict`] if the call belongs to another business.
pub async fn insert_refused(
    db: &impl Writes,
    business: BusinessId,
    refused: RefusedCall,
) -> Result<CallRecord, RecordsError> {
    let told = db.told();
    db.write_here(move |db| async move {
        let db = &*db;
        let RefusedCall { call_sid, direction, from_number, to_number, started_at, end } = refused;
        let new = NewCall {
            call_sid: call_sid.clone(),
            direction,
            status: end.status.unwrap_or(CallStatus::InProgress),
            from_number,
            to_number,
            lead_id: None,
            prompt_version: newest_prompt(db, business).await?,
            started_at,
            is_test: false,
        };
        let row = ActiveModel {
            ended_at: Set(Some(column::from_instant(end.ended_at))),
            end_reason: Set(Some(end.end_reason.clone())),
            ended_by: Set(Some(end.ended_by.clone())),
            stats: Set(end.stats.clone()),
            ..row(business, new)
        };
        let transaction = begin_write(db).await?;
        let mut written = insert_new(&transaction, row).await?;
        if written == 0 {
            let unanswered = [CallStatus::Queued, CallStatus::Ringing];
            let update = ended(update(business, &call_sid), end.clone());
            let update = update.filter(Column::Status.is_in(unanswered));
            // An end that was told of before is not told of again.
            let update = update.filter(Column::EndedAt.is_null());
            written = update.exec(&transaction).await?.rows_affected;
        }
        if written > 0 {
            outbox::tell_end(&transaction, &told, business, &call_sid, end.told(), true).await?;
        }
        transaction.commit().await?;
        early::apply(db, &told, business, &call_sid, started_at).await?;
        find_record(db, business, &call_sid).await?.ok_or(RecordsError::Conflict)
    })
    .await
}

async fn newest_prompt(
    db: &impl ConnectionTrait,
    business: BusinessId,
) -> Result<i32, RecordsError> {
    let newest: Option<Option<i32>> = prompts::Entity::find()
        .filter(prompts::Column::BusinessId.eq(business.0))
        .select_only()
        .column_as(prompts::Column::Version.max(), "newest")
        .into_tuple()
        .one(db)
        .await?;
    newest.flatten().ok_or(RecordsError::NotFound)
}
