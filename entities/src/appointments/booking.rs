//! Books appointments: once per idempotency key, and never over another appointment.

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber, ToolCallId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use thiserror::Error;

use super::telling::{Change, tell};
use super::{AppointmentId, AppointmentRecord, AppointmentStatus};
use crate::calls::{CallLease, require_lease};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::{RecordsError, Violation, violation};
use crate::leads;
use crate::tables::appointments::{ActiveModel, Column, Entity, Model};
use crate::tables::businesses;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAppointment {
    pub id: AppointmentId,
    pub lead_id: LeadId,
    /// The call that books it; `None` if an operator does.
    pub call_sid: Option<CallSid>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The end plus the business's buffer: the next appointment may begin then.
    pub busy_until: Timestamp,
    pub notes: Option<String>,
    /// The tool call that books it. The same key again returns the same appointment (CAL-4).
    pub idempotency_key: Option<ToolCallId>,
    /// Whether it is booked although the lead holds another one that is still to come (CAL-6).
    pub additional: bool,
}

#[derive(Debug, Error)]
pub enum BookingError {
    /// Another appointment occupies some of that time.
    #[error("the slot has just been taken")]
    SlotTaken,
    /// The lead holds these, earliest first, and did not ask for one more.
    #[error("the lead holds an appointment already")]
    AlreadyHolds(Vec<AppointmentRecord>),
    /// The end is not after the start, or the buffer ends before the appointment.
    #[error("an appointment must end after it begins, and its buffer must not end before it")]
    InvalidTimes,
    /// Among others [`RecordsError::NotFound`], if the business has no such lead.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<DbErr> for BookingError {
    fn from(error: DbErr) -> Self {
        match violation(&error) {
            Some(Violation::Overlap) => Self::SlotTaken,
            Some(Violation::Unique | Violation::ForeignKey) | None => Self::Records(error.into()),
        }
    }
}

/// Books an appointment. The same idempotency key again returns the appointment that it booked, even
/// if that is cancelled by now. If the lead already has the slot, this returns that appointment. If it
/// has another one, this refuses, unless the new one is wanted as an additional one.
pub async fn book(
    db: &Database,
    business: BusinessId,
    wanted: NewAppointment,
    now: Timestamp,
) -> Result<AppointmentRecord, BookingError> {
    book_for(db, business, wanted, None, None, now).await
}

/// As [`book`], for a person who may have no lead yet: with the appointment it is made, with the id that
/// is wanted. A booking that is refused makes none. With `lease`, it is refused if another node has taken the
/// call over since ([`RecordsError::Fenced`]).
pub async fn book_for(
    db: &Database,
    business: BusinessId,
    mut wanted: NewAppointment,
    newcomer: Option<PhoneNumber>,
    lease: Option<CallLease>,
    now: Timestamp,
) -> Result<AppointmentRecord, BookingError> {
    let told = db.told();
    db.write(move |db| async move {
        let db = &db;
        if wanted.ends_at <= wanted.starts_at || wanted.busy_until < wanted.ends_at {
            return Err(BookingError::InvalidTimes);
        }
        let transaction = begin_write(db).await?;
        lock_business(&transaction, business).await?;
        if let (Some(call), Some(lease)) = (&wanted.call_sid, lease) {
            require_lease(&transaction, business, call, lease).await?;
        }
        if let Some(phone) = &newcomer
            && let Some(lead) = leads::id_of(&transaction, business, phone).await?
        {
            wanted.lead_id = lead;
        }
        if let Some(found) = find_by_key(&transaction, business, &wanted).await? {
            return Ok(found.try_into()?);
        }
        let occupied = (wanted.starts_at, wanted.busy_until);
        let overlap = first_overlap(&transaction, business, occupied, None).await?;
        if let Some(found) = &overlap
            && found.lead_id == wanted.lead_id.0
            && found.starts_at == column::from_instant(wanted.starts_at)
        {
            return Ok(found.clone().try_into()?);
        }
        if !wanted.additional {
            let held = still_to_come(&transaction, business, wanted.lead_id, now).await?;
            if !held.is_empty() {
                return Err(BookingError::AlreadyHolds(held));
            }
        }
        if overlap.is_some() {
            return Err(BookingError::SlotTaken);
        }
        if let Some(phone) = &newcomer {
            let lead =
                leads::ensure_in(&transaction, &told, business, phone, wanted.lead_id, now).await?;
            wanted.lead_id = lead.record.id;
        }
        // The schema refuses overlaps by writers that did not take the lock above.
        let booked =
            Entity::insert(row(business, wanted, now)).exec_with_returning(&transaction).await?;
        let booked: AppointmentRecord = booked.try_into()?;
        let call = booked.call_sid.clone();
        tell(&transaction, &told, &booked, Change::Booked, call, now).await?;
        transaction.commit().await?;
        Ok(booked)
    })
    .await
}

/// Locks the business's row, so that its bookings run one at a time. Without the lock, two inserts
/// can deadlock in PostgreSQL's exclusion constraint. SQLite writes one transaction at a time
/// anyway; there this only checks that the business exists.
pub(super) async fn lock_business(
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

async fn find_by_key(
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

/// The earliest booked appointment that overlaps `from` to `until`: one with the same start comes first.
/// `except` is passed over.
pub(super) async fn first_overlap(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    (from, until): (Timestamp, Timestamp),
    except: Option<AppointmentId>,
) -> Result<Option<Model>, DbErr> {
    let condition = Condition::all()
        .add(Column::BusinessId.eq(business.0))
        .add(Column::Status.eq(AppointmentStatus::Booked))
        .add(Column::BusyUntil.gt(column::from_instant(from)))
        .add(Column::StartsAt.lt(column::from_instant(until)))
        .add_option(except.map(|except| Column::Id.ne(except.0)));
    Entity::find().filter(condition).order_by_asc(Column::StartsAt).one(transaction).await
}

/// A lead's booked appointments that have not begun at `now`, earliest first.
async fn still_to_come(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    lead: LeadId,
    now: Timestamp,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    let rows = Entity::find()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::LeadId.eq(lead.0))
        .filter(Column::Status.eq(AppointmentStatus::Booked))
        .filter(Column::StartsAt.gt(column::from_instant(now)))
        .order_by_asc(Column::StartsAt)
        .all(transaction)
        .await?;
    rows.into_iter().map(AppointmentRecord::try_from).collect()
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
