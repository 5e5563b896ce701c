//! Calls, from the webhook to the end, and the state that survives the daemon (RES-4).

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DeriveActiveEnum, EntityTrait, EnumIter,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::column;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::calls::{Column, Entity, Row};

mod writing;

pub use writing::{
    EndOfCall, NewCall, Progress, StartedCall, insert_started, link_lead, record_end,
    record_progress, save_state,
};

/// Who called whom.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum CallDirection {
    /// The person called the business.
    Inbound,
    /// The business called the person.
    Outbound,
}

/// How Twilio says a call stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub enum CallStatus {
    /// Asked for, not yet dialled.
    Queued,
    /// The other end rings.
    Ringing,
    /// Somebody answered.
    InProgress,
    /// It was answered, and is over.
    Completed,
    /// The other end was engaged.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// It could not be placed.
    Failed,
    /// It was taken back before anybody answered.
    Canceled,
}

impl CallStatus {
    /// Whether nothing comes after it (CALL-5).
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
        }
    }
}

/// A call, without its state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallRecord {
    /// The call.
    pub call_sid: CallSid,
    /// Whose call it is.
    pub business_id: BusinessId,
    /// The person's lead, once it is known.
    pub lead_id: Option<LeadId>,
    /// Who called whom.
    pub direction: CallDirection,
    /// How Twilio last said it stands.
    pub status: CallStatus,
    /// The calling number; `None` where it was withheld.
    pub from_number: Option<PhoneNumber>,
    /// The called number.
    pub to_number: PhoneNumber,
    /// The prompt the call runs with.
    pub prompt_version: i32,
    /// When its webhook came, or it was placed.
    pub started_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended; `None` while it is live.
    pub ended_at: Option<Timestamp>,
    /// How long Twilio says it was, in whole seconds.
    pub duration: Option<Duration>,
    /// Why it ended (END-1).
    pub end_reason: Option<String>,
    /// What noticed or decided the end.
    pub ended_by: Option<String>,
    /// What was counted while it ran.
    pub stats: Option<serde_json::Value>,
}

/// A call of this business.
///
/// # Errors
/// [`RecordsError`].
pub async fn get(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<CallRecord>, RecordsError> {
    let found = of(business, call).into_partial_model::<Row>().one(db).await?;
    found.map(CallRecord::try_from).transpose()
}

/// What a live call needs to go on after the daemon's death; `None` if nothing was saved, the call
/// has ended, or this business has no such call.
///
/// # Errors
/// [`RecordsError`].
pub async fn load_state(
    db: &DatabaseConnection,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<serde_json::Value>, RecordsError> {
    let found: Option<Option<serde_json::Value>> =
        of(business, call).select_only().column(Column::State).into_tuple().one(db).await?;
    Ok(found.flatten())
}

/// A business's calls, newest first, from the one after `after`.
///
/// # Errors
/// [`RecordsError::NotFound`] if `after` is no call of this business.
pub async fn list(
    db: &DatabaseConnection,
    business: BusinessId,
    after: Option<&CallSid>,
    limit: u32,
) -> Result<Page<CallRecord, CallSid>, RecordsError> {
    let mut query = Entity::find().filter(Column::BusinessId.eq(business.0));
    if let Some(after) = after {
        let last = get(db, business, after).await?.ok_or(RecordsError::NotFound)?;
        let started = column::from_instant(last.started_at);
        let same_instant = Condition::all()
            .add(Column::StartedAt.eq(started))
            .add(Column::CallSid.lt(after.as_str()));
        query = query.filter(Condition::any().add(Column::StartedAt.lt(started)).add(same_instant));
    }
    let query = query
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::CallSid)
        .limit(rows_for(limit));
    let rows = records(db, query).await?;
    Ok(Page::of(rows, limit, |call: &CallRecord| call.call_sid.clone()))
}

/// A business's calls that have not ended, oldest first.
///
/// # Errors
/// [`RecordsError`].
pub async fn live(
    db: &DatabaseConnection,
    business: BusinessId,
) -> Result<Vec<CallRecord>, RecordsError> {
    let query = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::EndedAt.is_null())
        .order_by_asc(Column::StartedAt);
    records(db, query).await
}

/// Every business's calls that have not ended, oldest first: what a daemon that starts looks after.
/// Takes no business, since the daemon answers for all of them.
///
/// # Errors
/// [`RecordsError`].
pub async fn live_all(db: &DatabaseConnection) -> Result<Vec<CallRecord>, RecordsError> {
    let query = Entity::find().filter(Column::EndedAt.is_null()).order_by_asc(Column::StartedAt);
    records(db, query).await
}

fn of(business: BusinessId, call: &CallSid) -> Select<Entity> {
    Entity::find_by_id(call.as_str()).filter(Column::BusinessId.eq(business.0))
}

async fn records(
    db: &DatabaseConnection,
    query: Select<Entity>,
) -> Result<Vec<CallRecord>, RecordsError> {
    let rows = query.into_partial_model::<Row>().all(db).await?;
    rows.into_iter().map(CallRecord::try_from).collect()
}

impl TryFrom<Row> for CallRecord {
    type Error = RecordsError;

    fn try_from(row: Row) -> Result<Self, RecordsError> {
        let duration = row.duration_secs.map(|secs| column::seconds("calls.duration_secs", secs));
        Ok(Self {
            call_sid: column::id("calls.call_sid", &row.call_sid)?,
            business_id: BusinessId(row.business_id),
            lead_id: row.lead_id.map(LeadId),
            direction: row.direction,
            status: row.status,
            from_number: column::id_if_any("calls.from_number", row.from_number)?,
            to_number: column::id("calls.to_number", &row.to_number)?,
            prompt_version: row.prompt_version,
            started_at: column::instant("calls.started_at", row.started_at)?,
            answered_at: column::instant_if_any("calls.answered_at", row.answered_at)?,
            ended_at: column::instant_if_any("calls.ended_at", row.ended_at)?,
            duration: duration.transpose()?,
            end_reason: row.end_reason,
            ended_by: row.ended_by,
            stats: row.stats,
        })
    }
}
