//! Cancels appointments.

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::telling::{Change, tell};
use super::{AppointmentRecord, AppointmentStatus, Selector};
use crate::calls::{CallLease, require_lease};
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::appointments::{Column, Entity};

/// Who cancels an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// A lead cancels its own appointments only (CAL-1).
    Lead(LeadId),
    /// The business cancels any of its appointments.
    Business,
}

/// Cancels an appointment and frees its slot. Cancelling it again returns the same record.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is none, or the authority may not cancel it.
pub async fn cancel(
    db: &Database,
    business: BusinessId,
    authority: Authority,
    selector: Selector,
    now: Timestamp,
) -> Result<AppointmentRecord, RecordsError> {
    cancel_for(db, business, authority, selector, None, now).await
}

/// As [`cancel`], in a call: refused if another node has taken it over since.
///
/// # Errors
/// Those of [`cancel`], and [`RecordsError::Fenced`].
pub async fn cancel_for(
    db: &Database,
    business: BusinessId,
    authority: Authority,
    selector: Selector,
    call: Option<(CallSid, CallLease)>,
    now: Timestamp,
) -> Result<AppointmentRecord, RecordsError> {
    let told = db.told();
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let db = &transaction;
        if let Some((call, lease)) = &call {
            require_lease(db, business, call, *lease).await?;
        }
        let mut condition =
            Condition::all().add(Column::BusinessId.eq(business.0)).add(selector.filter());
        if let Authority::Lead(lead) = authority {
            condition = condition.add(Column::LeadId.eq(lead.0));
        }
        let cancelled = Entity::update_many()
            .col_expr(Column::Status, Expr::value(AppointmentStatus::Cancelled))
            .filter(condition.clone())
            .filter(Column::Status.eq(AppointmentStatus::Booked))
            .exec_with_returning(db)
            .await?;
        let Some(row) = cancelled.into_iter().next() else {
            let known = Entity::find().filter(condition).order_by_desc(Column::Id).one(db).await?;
            return known.ok_or(RecordsError::NotFound)?.try_into();
        };
        let cancelled: AppointmentRecord = row.try_into()?;
        let call = call.map(|(call, _)| call);
        tell(db, &told, &cancelled, Change::Cancelled, call, now).await?;
        transaction.commit().await?;
        Ok(cancelled)
    })
    .await
}
