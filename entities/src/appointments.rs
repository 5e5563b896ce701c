//! Appointments. That two never overlap in one business is the database's own rule (CAL-3).

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, ToolCallId};
use protocol::prompt::AppointmentFact;
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DeriveActiveEnum, EntityTrait, EnumIter,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::column;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::appointments::{Column, Entity, Model};

mod booking;
mod cancelling;

pub use booking::{BookingRefused, NewAppointment, book};
pub use cancelling::{Authority, Which, cancel};

/// An appointment's key, a UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppointmentId(pub Uuid);

/// Whether an appointment stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AppointmentStatus {
    /// It stands, and keeps its place.
    Booked,
    /// It was taken back: its place is free.
    Cancelled,
}

/// An appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppointmentRecord {
    /// The appointment.
    pub id: AppointmentId,
    /// Whose it is.
    pub business_id: BusinessId,
    /// With whom.
    pub lead_id: LeadId,
    /// The call it was booked in, if it was one.
    pub call_sid: Option<CallSid>,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When the next may begin: its end plus the business's buffer.
    pub busy_until: Timestamp,
    /// Whether it stands.
    pub status: AppointmentStatus,
    /// What the person wanted noted.
    pub notes: Option<String>,
    /// When it was booked.
    pub created_at: Timestamp,
}

/// An appointment of this business, standing or cancelled.
///
/// # Errors
/// [`RecordsError`].
pub async fn get(
    db: &DatabaseConnection,
    business: BusinessId,
    appointment: AppointmentId,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    let filter = Column::BusinessId.eq(business.0);
    let found = Entity::find_by_id(appointment.0).filter(filter).one(db).await?;
    found.map(AppointmentRecord::try_from).transpose()
}

/// A lead's own appointment, booked or cancelled; of several that begin at one time the booked one,
/// else the last.
///
/// # Errors
/// [`RecordsError`].
pub async fn of_lead(
    db: &DatabaseConnection,
    business: BusinessId,
    lead: LeadId,
    which: Which,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    let meant = match which {
        Which::Id(id) => Column::Id.eq(id.0),
        Which::StartingAt(start) => Column::StartsAt.eq(column::from_instant(start)),
    };
    let found = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::LeadId.eq(lead.0))
        .filter(meant)
        // "booked" stands before "cancelled".
        .order_by_asc(Column::Status)
        .order_by_desc(Column::Id)
        .one(db)
        .await?;
    found.map(AppointmentRecord::try_from).transpose()
}

/// What a tool call has booked, whatever has become of it.
///
/// # Errors
/// [`RecordsError`].
pub async fn by_key(
    db: &DatabaseConnection,
    business: BusinessId,
    key: &ToolCallId,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    let found = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::IdempotencyKey.eq(key.as_str()))
        .one(db)
        .await?;
    found.map(AppointmentRecord::try_from).transpose()
}

/// A lead's booked appointments that are not over at `now`, the next first.
///
/// # Errors
/// [`RecordsError`].
pub async fn of_lead_upcoming(
    db: &DatabaseConnection,
    business: BusinessId,
    lead: LeadId,
    now: Timestamp,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    let rows = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::LeadId.eq(lead.0))
        .filter(Column::Status.eq(AppointmentStatus::Booked))
        .filter(Column::EndsAt.gt(column::from_instant(now)))
        .order_by_asc(Column::StartsAt)
        .all(db)
        .await?;
    rows.into_iter().map(AppointmentRecord::try_from).collect()
}

/// The booked appointments that keep any of the time from `from` until `until`, the first first.
///
/// # Errors
/// [`RecordsError`].
pub async fn between(
    db: &DatabaseConnection,
    business: BusinessId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    let rows = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Status.eq(AppointmentStatus::Booked))
        .filter(Column::BusyUntil.gt(column::from_instant(from)))
        .filter(Column::StartsAt.lt(column::from_instant(until)))
        .order_by_asc(Column::StartsAt)
        .all(db)
        .await?;
    rows.into_iter().map(AppointmentRecord::try_from).collect()
}

/// Which of a business's appointments are listed; all of them where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listed {
    /// Of this status.
    pub status: Option<AppointmentStatus>,
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// That begin then or later.
    pub from: Option<Timestamp>,
    /// That begin earlier than then.
    pub until: Option<Timestamp>,
}

/// Appointments of a business, the last booked first, from the one after `after`.
///
/// # Errors
/// [`RecordsError`].
pub async fn list(
    db: &DatabaseConnection,
    business: BusinessId,
    listed: Listed,
    after: Option<AppointmentId>,
    limit: u32,
) -> Result<Page<AppointmentRecord, AppointmentId>, RecordsError> {
    let meant = Condition::all()
        .add(Column::BusinessId.eq(business.0))
        .add_option(listed.status.map(|status| Column::Status.eq(status)))
        .add_option(listed.lead.map(|lead| Column::LeadId.eq(lead.0)))
        .add_option(listed.from.map(|from| Column::StartsAt.gte(column::from_instant(from))))
        .add_option(listed.until.map(|until| Column::StartsAt.lt(column::from_instant(until))))
        .add_option(after.map(|after| Column::Id.lt(after.0)));
    let query = Entity::find().filter(meant);
    let rows = query.order_by_desc(Column::Id).limit(rows_for(limit)).all(db).await?;
    let rows = rows.into_iter().map(AppointmentRecord::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |appointment: &AppointmentRecord| appointment.id))
}

impl From<&AppointmentRecord> for AppointmentFact {
    fn from(appointment: &AppointmentRecord) -> Self {
        Self { start: appointment.starts_at, notes: appointment.notes.clone() }
    }
}

impl TryFrom<Model> for AppointmentRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: AppointmentId(row.id),
            business_id: BusinessId(row.business_id),
            lead_id: LeadId(row.lead_id),
            call_sid: column::id_if_any("appointments.call_sid", row.call_sid)?,
            starts_at: column::instant("appointments.starts_at", row.starts_at)?,
            ends_at: column::instant("appointments.ends_at", row.ends_at)?,
            busy_until: column::instant("appointments.busy_until", row.busy_until)?,
            status: row.status,
            notes: row.notes,
            created_at: column::instant("appointments.created_at", row.created_at)?,
        })
    }
}
