//! Appointments by day and by person, for pages.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{AppointmentRecord, AppointmentStatus};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::appointments::{Column, Entity};

/// Appointments that begin between `from` and `until`, booked or cancelled, earliest first: the first `limit`.
pub async fn starting(
    db: &Database,
    business: BusinessId,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    db.read(move |db| async move {
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::StartsAt.gte(column::from_instant(from)))
            .filter(Column::StartsAt.lt(column::from_instant(until)))
            .order_by_asc(Column::StartsAt)
            .limit(u64::from(limit))
            .all(&db)
            .await?;
        rows.into_iter().map(AppointmentRecord::try_from).collect()
    })
    .await
}

/// How many appointments were booked since then and still stand.
pub async fn count_made_since(
    db: &Database,
    business: BusinessId,
    since: Timestamp,
) -> Result<u64, RecordsError> {
    db.read(move |db| async move {
        let made = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::CreatedAt.gte(column::from_instant(since)))
            .filter(Column::Status.eq(AppointmentStatus::Booked));
        Ok(made.count(&db).await?)
    })
    .await
}

/// The booked appointments of these leads that end after `after`, earliest first.
pub async fn of_leads(
    db: &Database,
    business: BusinessId,
    leads: Vec<LeadId>,
    after: Timestamp,
) -> Result<BTreeMap<LeadId, Vec<AppointmentRecord>>, RecordsError> {
    db.read(move |db| async move {
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.is_in(leads.into_iter().map(|lead| lead.0)))
            .filter(Column::Status.eq(AppointmentStatus::Booked))
            .filter(Column::EndsAt.gt(column::from_instant(after)))
            .order_by_asc(Column::StartsAt)
            .all(&db)
            .await?;
        let mut of_leads: BTreeMap<LeadId, Vec<AppointmentRecord>> = BTreeMap::new();
        for row in rows {
            let appointment = AppointmentRecord::try_from(row)?;
            of_leads.entry(appointment.lead_id).or_default().push(appointment);
        }
        Ok(of_leads)
    })
    .await
}

/// A lead's appointments, booked or cancelled: the last `limit`, the latest first.
pub async fn last_of_lead(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    limit: u32,
) -> Result<Vec<AppointmentRecord>, RecordsError> {
    db.read(move |db| async move {
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.eq(lead.0))
            .order_by_desc(Column::StartsAt)
            .limit(u64::from(limit))
            .all(&db)
            .await?;
        rows.into_iter().map(AppointmentRecord::try_from).collect()
    })
    .await
}

/// The appointment that was booked in a call; of several, the one that begins first.
pub async fn of_call(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<AppointmentRecord>, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let found = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::CallSid.eq(call.as_str()))
            .order_by_asc(Column::StartsAt)
            .one(&db)
            .await?;
        found.map(AppointmentRecord::try_from).transpose()
    })
    .await
}
