//! The calls that a day's page of a business shows, and what lists say of calls beside their rows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::searching::failed;
use super::{CallRecord, records};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::appointments;
use crate::tables::calls::{Column, Entity};

/// A call's row counts as live for so long: Twilio ends every call after 4 h.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(4);

/// A business's calls that go on, on whatever node, tests too: the newest `limit`.
pub async fn live(
    db: &Database,
    business: BusinessId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<CallRecord>, RecordsError> {
    db.read(move |db| async move {
        let query = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::EndedAt.is_null())
            .filter(Column::StartedAt.gt(column::from_instant(now - LONGEST_CALL)))
            .order_by_desc(Column::StartedAt)
            .limit(u64::from(limit));
        records(&db, query).await
    })
    .await
}

/// The newest `limit` calls since then in which the caller was failed, without tests.
pub async fn failed_since(
    db: &Database,
    business: BusinessId,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<CallRecord>, RecordsError> {
    db.read(move |db| async move {
        let query = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::StartedAt.gte(column::from_instant(since)))
            .filter(failed())
            .filter(Column::IsTest.eq(false))
            .order_by_desc(Column::StartedAt)
            .limit(u64::from(limit));
        records(&db, query).await
    })
    .await
}

/// How many calls have begun since then, without tests.
pub async fn count_since(
    db: &Database,
    business: BusinessId,
    since: Timestamp,
) -> Result<u64, RecordsError> {
    db.read(move |db| async move {
        let since = column::from_instant(since);
        let of_business = Entity::find().filter(Column::BusinessId.eq(business.0));
        let real = of_business.filter(Column::IsTest.eq(false));
        Ok(real.filter(Column::StartedAt.gte(since)).count(&db).await?)
    })
    .await
}

/// The business's calls among these.
pub async fn some(
    db: &Database,
    business: BusinessId,
    calls: Vec<CallSid>,
) -> Result<BTreeMap<CallSid, CallRecord>, RecordsError> {
    db.read(move |db| async move {
        let query = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::CallSid.is_in(calls.iter().map(CallSid::as_str)));
        let found = records(&db, query).await?;
        Ok(found.into_iter().map(|call| (call.call_sid.clone(), call)).collect())
    })
    .await
}

/// Those of the calls in which an appointment was booked.
pub async fn booked_in(
    db: &Database,
    business: BusinessId,
    calls: Vec<CallSid>,
) -> Result<BTreeSet<CallSid>, RecordsError> {
    use appointments::Column as Booked;
    db.read(move |db| async move {
        let found: Vec<String> = appointments::Entity::find()
            .select_only()
            .column(Booked::CallSid)
            .filter(Booked::BusinessId.eq(business.0))
            .filter(Booked::CallSid.is_in(calls.iter().map(CallSid::as_str)))
            .into_tuple()
            .all(&db)
            .await?;
        found.iter().map(|call| column::id("appointments.call_sid", call)).collect()
    })
    .await
}
