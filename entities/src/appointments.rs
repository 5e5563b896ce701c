//! Appointments. The schema itself refuses two that overlap in one business (CAL-3).

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber, ToolCallId};
use protocol::prompt::AppointmentFact;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::appointments::{Column, Entity, Model};
use crate::tables::leads as lead_table;

mod booking;
mod cancelling;
mod moving;
mod of_day;
mod telling;

pub use crate::values::AppointmentStatus;
pub use booking::{BookingError, NewAppointment, book, book_for};
pub use cancelling::{Authority, cancel, cancel_for};
pub use moving::{MoveError, NewTimes, move_for, move_to};
pub use of_day::{count_made_since, last_of_lead, of_call, of_leads, starting};
pub(crate) use telling::{Change, tell};

/// A UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppointmentId(pub Uuid);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRecord {
    pub id: AppointmentId,
    pub business_id: BusinessId,
    pub lead_id: LeadId,
    /// The call that booked it; `None` if an operator did.
    pub call_sid: Option<CallSid>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The end plus the business's buffer: the next appointment may begin then.
    pub busy_until: Timestamp,
    pub status: AppointmentStatus,
    pub notes: Option<String>,
    /// When it was booked.
    pub created_at: Timestamp,
}

/// Selects an appointment within its business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    Id(AppointmentId),
    StartsAt(Timestamp),
}

impl Selector {
    fn filter(self) -> Expr {
        match self {
            Self::Id(id) => Column::Id.eq(id.0),
            Self::StartsAt(start) => Column::StartsAt.eq(column::from_instant(start)),
        }
    }
}

pub async fn get(
    db: &Database,
    business: BusinessId,
    appointment: AppointmentId,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let filter = Column::BusinessId.eq(business.0);
        let found = Entity::find_by_id(appointment.0).filter(filter).one(db).await?;
        found.map(AppointmentRecord::try_from).transpose()
    })
    .await
}

/// A lead's appointment, booked or cancelled. Of several that begin at the same time: the booked one,
/// or else the newest.
pub async fn of_lead(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    selector: Selector,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let found = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.eq(lead.0))
            .filter(selector.filter())
            // "booked" sorts before "cancelled".
            .order_by_asc(Column::Status)
            .order_by_desc(Column::Id)
            .one(db)
            .await?;
        found.map(AppointmentRecord::try_from).transpose()
    })
    .await
}

/// The appointment that was booked with this idempotency key, booked or cancelled.
pub async fn by_key(
    db: &Database,
    business: BusinessId,
    key: &ToolCallId,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    let key = key.clone();
    db.read(move |db| async move {
        let db = &db;
        let found = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::IdempotencyKey.eq(key.as_str()))
            .one(db)
            .await?;
        found.map(AppointmentRecord::try_from).transpose()
    })
    .await
}

/// A lead's booked appointments that have not ended at `now`, the next one first.
pub async fn of_lead_upcoming(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    now: Timestamp,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.eq(lead.0))
            .filter(Column::Status.eq(AppointmentStatus::Booked))
            .filter(Column::EndsAt.gt(column::from_instant(now)))
            .order_by_asc(Column::StartsAt)
            .all(db)
            .await?;
        rows.into_iter().map(AppointmentRecord::try_from).collect()
    })
    .await
}

/// The booked appointments that occupy time between `from` and `until`, earliest first.
pub async fn between(
    db: &Database,
    business: BusinessId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Status.eq(AppointmentStatus::Booked))
            .filter(Column::BusyUntil.gt(column::from_instant(from)))
            .filter(Column::StartsAt.lt(column::from_instant(until)))
            .order_by_asc(Column::StartsAt)
            .all(db)
            .await?;
        rows.into_iter().map(AppointmentRecord::try_from).collect()
    })
    .await
}

/// Which appointments [`list`] returns; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppointmentFilter {
    pub status: Option<AppointmentStatus>,
    pub lead: Option<LeadId>,
    /// The number of the lead.
    pub phone: Option<PhoneNumber>,
    /// The earliest start.
    pub from: Option<Timestamp>,
    /// Starts are earlier than this.
    pub until: Option<Timestamp>,
}

/// A page of a business's appointments, the last booked first, that begins behind `after`; of all businesses
/// for `None`.
pub async fn list(
    db: &Database,
    business: impl Into<Option<BusinessId>>,
    filter: AppointmentFilter,
    after: Option<AppointmentId>,
    limit: u32,
) -> Result<Page<AppointmentRecord, AppointmentId>, RecordsError> {
    let business = business.into();
    db.read(move |db| async move {
        let db = &db;
        let condition = Condition::all()
            .add_option(business.map(|business| Column::BusinessId.eq(business.0)))
            .add_option(filter.status.map(|status| Column::Status.eq(status)))
            .add_option(filter.lead.map(|lead| Column::LeadId.eq(lead.0)))
            .add_option(filter.phone.map(|phone| {
                let of_phone = Query::select()
                    .column(lead_table::Column::Id)
                    .from(lead_table::Entity)
                    .and_where(lead_table::Column::Phone.eq(phone.as_str()))
                    .to_owned();
                Column::LeadId.in_subquery(of_phone)
            }))
            .add_option(filter.from.map(|from| Column::StartsAt.gte(column::from_instant(from))))
            .add_option(filter.until.map(|until| Column::StartsAt.lt(column::from_instant(until))))
            .add_option(after.map(|after| Column::Id.lt(after.0)));
        let query = Entity::find().filter(condition);
        let rows = query.order_by_desc(Column::Id).limit(rows_for(limit)).all(db).await?;
        let rows = rows.into_iter().map(AppointmentRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |appointment: &AppointmentRecord| appointment.id))
    })
    .await
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
            call_sid: column::optional_id("appointments.call_sid", row.call_sid)?,
            starts_at: column::instant("appointments.starts_at", row.starts_at)?,
            ends_at: column::instant("appointments.ends_at", row.ends_at)?,
            busy_until: column::instant("appointments.busy_until", row.busy_until)?,
            status: row.status,
            notes: row.notes,
            created_at: column::instant("appointments.created_at", row.created_at)?,
        })
    }
}
