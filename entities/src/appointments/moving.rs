//! Moves appointments: the new slot is taken and the old one freed in one transaction (CAL-6).

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use thiserror::Error;

use super::booking::{first_overlap, lock_business};
use super::telling::{Change, tell};
use super::{AppointmentId, AppointmentRecord, AppointmentStatus};
use crate::calls::{CallLease, require_lease};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::{RecordsError, Violation, violation};
use crate::tables::appointments::{ActiveModel, Column, Entity};

/// The times that an appointment shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTimes {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The end plus the business's buffer: the next appointment may begin then.
    pub busy_until: Timestamp,
}

/// Why an appointment was not moved. It keeps its slot.
#[derive(Debug, Error)]
pub enum MoveError {
    /// Another appointment occupies some of that time.
    #[error("the slot has just been taken")]
    SlotTaken,
    #[error("the appointment was cancelled")]
    Cancelled,
    /// Among others [`RecordsError::NotFound`], if the lead has no such appointment.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<DbErr> for MoveError {
    fn from(error: DbErr) -> Self {
        match violation(&error) {
            Some(Violation::Overlap) => Self::SlotTaken,
            Some(Violation::Unique | Violation::ForeignKey) | None => Self::Records(error.into()),
        }
    }
}

/// Moves a lead's own booked appointment. Moving it to where it is changes nothing.
pub async fn move_to(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    appointment: AppointmentId,
    times: NewTimes,
    now: Timestamp,
) -> Result<AppointmentRecord, MoveError> {
    move_for(db, business, lead, appointment, times, None, now).await
}

/// As [`move_to`], in a call: refused if another node has taken it over since ([`RecordsError::Fenced`]).
pub async fn move_for(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    appointment: AppointmentId,
    times: NewTimes,
    call: Option<(CallSid, CallLease)>,
    now: Timestamp,
) -> Result<AppointmentRecord, MoveError> {
    let told = db.told();
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        lock_business(&transaction, business).await?;
        if let Some((call, lease)) = &call {
            require_lease(&transaction, business, call, *lease).await?;
        }
        let mine = Entity::find_by_id(appointment.0)
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.eq(lead.0))
            .one(&transaction)
            .await?
            .ok_or(RecordsError::NotFound)?;
        match mine.status {
            AppointmentStatus::Booked => {}
            AppointmentStatus::Cancelled => return Err(MoveError::Cancelled),
        }
        let (starts, busy_until) = (times.starts_at, times.busy_until);
        let others = Some(appointment);
        if first_overlap(&transaction, business, (starts, busy_until), others).await?.is_some() {
            return Err(MoveError::SlotTaken);
        }
        let before = column::instant("appointments.starts_at", mine.starts_at)?;
        let changes = mine.starts_at != column::from_instant(starts)
            || mine.ends_at != column::from_instant(times.ends_at);
        let mut row = ActiveModel::from(mine);
        row.starts_at = Set(column::from_instant(starts));
        row.ends_at = Set(column::from_instant(times.ends_at));
        row.busy_until = Set(column::from_instant(busy_until));
        // The schema refuses overlaps by writers that did not take the lock above.
        let moved: AppointmentRecord = row.update(&transaction).await?.try_into()?;
        if changes {
            let (change, call) = (Change::Moved { from: before }, call.map(|(call, _)| call));
            tell(&transaction, &told, &moved, change, call, now).await?;
        }
        transaction.commit().await?;
        Ok(moved)
    })
    .await
}
