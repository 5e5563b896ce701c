//! Taking a slot: once per key, by one lead, and never over another's.

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, ToolCallId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use thiserror::Error;

use super::{AppointmentId, AppointmentRecord, AppointmentStatus};
use crate::column;
use crate::connection::begin_write;
use crate::error::{RecordsError, Violation, violation};
use crate::tables::appointments::{ActiveModel, Column, Entity, Model};
use crate::tables::businesses;

/// An appointment that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAppointment {
    /// The key of its row, a UUID of version 7.
    pub id: AppointmentId,
    /// With whom.
    pub lead_id: LeadId,
    /// The call it is booked in, if it is one.
    pub call_sid: Option<CallSid>,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends: later than it begins.
    pub ends_at: Timestamp,
    /// When the next may begin: its end plus the business's buffer.
    pub busy_until: Timestamp,
    /// What the person wants noted.
    pub notes: Option<String>,
    /// The tool call that asks for it: asked again, it is answered with what it booked (CAL-4).
    pub idempotency_key: Option<ToolCallId>,
}

/// Why nothing was booked.
#[derive(Debug, Error)]
pub enum BookingRefused {
    /// Another appointment keeps some of that time.
    #[error("the slot has just been taken")]
    Taken,
    /// It would end before it begins, or be free before it ends.
    #[error("an appointment ends after it begins, and its buffer after that")]
    NotASpan,
    /// The business has no such lead, or the database failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<DbErr> for BookingRefused {
    fn from(error: DbErr) -> Self {
        match violation(&error) {
            Some(Violation::Overlap) => Self::Taken,
            Some(Violation::Unique | Violation::ForeignKey) | None => Self::Records(error.into()),
        }
    }
}

/// Books an appointment. The same key again answers with the appointment it booked, whatever has
/// become of it; a slot that this lead already holds answers with that one.
///
/// # Errors
/// [`BookingRefused`]; [`RecordsError::NotFound`] in it where the business has no such lead.
pub async fn book(
    db: &DatabaseConnection,
    business: BusinessId,
    wanted: NewAppointment,
    now: Timestamp,
) -> Result<AppointmentRecord, BookingRefused> {
    if wanted.ends_at <= wanted.starts_at || wanted.busy_until < wanted.ends_at {
        return Err(BookingRefused::NotASpan);
    }
    let transaction = begin_write(db).await?;
    wait_for_turn(&transaction, business).await?;
    if let Some(there) = booked_by_key(&transaction, business, &wanted).await? {
        return Ok(there.try_into()?);
    }
    if let Some(there) = in_the_way(&transaction, business, &wanted).await? {
        let same = there.lead_id == wanted.lead_id.0
            && there.starts_at == column::from_instant(wanted.starts_at);
        return if same { Ok(there.try_into()?) } else { Err(BookingRefused::Taken) };
    }
    // Whatever passed by the queue above (another program, a hand at the database) is refused here.
    let booked =
        Entity::insert(row(business, wanted, now)).exec_with_returning(&transaction).await?;
    transaction.commit().await?;
    Ok(booked.try_into()?)
}

/// Bookings of one business queue at its row, and those of others pass. Without the queue two
/// inserts into PostgreSQL's constraint can wait for each other until the deadlock is broken. On
/// SQLite, which writes one transaction at a time, the row is only looked for.
async fn wait_for_turn(
    transaction: &DatabaseTransaction,
    business: BusinessId,
) -> Result<(), RecordsError> {
    businesses::Entity::find_by_id(business.0)
        .select_only()
        .column(businesses::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<uuid::Uuid>()
        .one(transaction)
        .await?
        .map(|_| ())
        .ok_or(RecordsError::NotFound)
}

async fn booked_by_key(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    wanted: &NewAppointment,
) -> Result<Option<Model>, DbErr> {
    let Some(key) = &wanted.idempotency_key else { return Ok(None) };
    Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::IdempotencyKey.eq(key.as_str()))
        .one(transaction)
        .await
}

/// The first that is: one that begins with what is wanted comes before all others.
async fn in_the_way(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    wanted: &NewAppointment,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Status.eq(AppointmentStatus::Booked))
        .filter(Column::BusyUntil.gt(column::from_instant(wanted.starts_at)))
        .filter(Column::StartsAt.lt(column::from_instant(wanted.busy_until)))
        .order_by_asc(Column::StartsAt)
        .one(transaction)
        .await
}

fn row(business: BusinessId, wanted: NewAppointment, now: Timestamp) -> ActiveModel {
    ActiveModel {
        id: Set(wanted.id.0),
        business_id: Set(business.0),
        lead_id: Set(wanted.lead_id.0),
        call_sid: Set(wanted.call_sid.map(|call| call.to_string())),
        starts_at: Set(column::from_instant(wanted.starts_at)),
        ends_at: Set(column::from_instant(wanted.ends_at)),
        busy_until: Set(column::from_instant(wanted.busy_until)),
        status: Set(AppointmentStatus::Booked),
        notes: Set(wanted.notes),
        idempotency_key: Set(wanted.idempotency_key.map(|key| key.to_string())),
        created_at: Set(column::from_instant(now)),
    }
}
