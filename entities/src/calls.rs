//! Calls, from the webhook to the end.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::calls::{Column, Entity, Row};

mod early;
mod lease;
mod of_day;
mod refused;
mod row;
mod searching;
mod writing;

pub use crate::values::{CallDirection, CallStatus};
pub use early::{report_end, report_status};
pub use lease::{
    CallLease, LeasedCall, check_fences, holds, insert_leased, lease_of_live, live_beside,
    take_over,
};
pub(crate) use lease::{lease_of, require_lease};
pub use of_day::{booked_in, count_since, failed_since, live, some};
pub use refused::{RefusedCall, insert_refused};
pub use row::{EndOfCall, NewCall};
pub use searching::{CallOutcome, CallSearch, search};
pub use writing::{Progress, StartedCall, insert_started, link_lead, record_end, record_progress};

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    pub call_sid: CallSid,
    pub business_id: BusinessId,
    /// `None` until the lead is known.
    pub lead_id: Option<LeadId>,
    pub direction: CallDirection,
    /// The last status that Twilio reported.
    pub status: CallStatus,
    /// `None` if the caller withheld it.
    pub from_number: Option<PhoneNumber>,
    pub to_number: PhoneNumber,
    pub prompt_version: i32,
    /// When its webhook arrived, or when it was placed.
    pub started_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    /// `None` while the call is live.
    pub ended_at: Option<Timestamp>,
    /// In whole seconds, as Twilio reports it.
    pub duration: Option<Duration>,
    /// END-1.
    pub end_reason: Option<String>,
    /// Who decided or first noticed the end.
    pub ended_by: Option<String>,
    /// Counters of the call.
    pub stats: Option<serde_json::Value>,
    /// From a page of the console (CON-5): nobody called.
    pub is_test: bool,
}

impl CallRecord {
    /// The number of the person, who called or was called; `None` if it is withheld.
    #[must_use]
    pub fn person(&self) -> Option<&PhoneNumber> {
        match self.direction {
            CallDirection::Inbound => self.from_number.as_ref(),
            CallDirection::Outbound => Some(&self.to_number),
        }
    }
}

pub async fn get(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<CallRecord>, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move { find_record(&db, business, &call).await }).await
}

/// Which calls [`list`] returns; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// The earliest start.
    pub since: Option<Timestamp>,
    /// Starts are earlier than this.
    pub until: Option<Timestamp>,
    /// The person's number: the caller's, or the one that was called.
    pub phone: Option<PhoneNumber>,
    /// END-1.
    pub end_reason: Option<String>,
    pub status: Option<CallStatus>,
    /// Tests alone, or none of them.
    pub is_test: Option<bool>,
}

impl CallFilter {
    fn condition(self) -> Condition {
        let phone = self.phone.map(|phone| {
            let of_person = |direction, number: Column| {
                let is_theirs = number.eq(phone.as_str());
                Condition::all().add(Column::Direction.eq(direction)).add(is_theirs)
            };
            Condition::any()
                .add(of_person(CallDirection::Inbound, Column::FromNumber))
                .add(of_person(CallDirection::Outbound, Column::ToNumber))
        });
        Condition::all()
            .add_option(self.since.map(|at| Column::StartedAt.gte(column::from_instant(at))))
            .add_option(self.until.map(|at| Column::StartedAt.lt(column::from_instant(at))))
            .add_option(phone)
            .add_option(self.end_reason.map(|reason| Column::EndReason.eq(reason)))
            .add_option(self.status.map(|status| Column::Status.eq(status)))
            .add_option(self.is_test.map(|is_test| {
                // Without a value to bind: so the index of tests is found.
                let test = Expr::col((Entity, Column::IsTest));
                if is_test { test } else { test.not() }
            }))
    }
}

/// A page of a business's calls, newest first, that begins behind `after`; of all businesses for `None`.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such call `after`.
pub async fn list(
    db: &Database,
    business: impl Into<Option<BusinessId>>,
    filter: CallFilter,
    after: Option<&CallSid>,
    limit: u32,
) -> Result<Page<CallRecord, CallSid>, RecordsError> {
    let (after, business) = (after.cloned(), business.into());
    db.read(move |db| async move {
        let (db, after) = (&db, after.as_ref());
        let of_business = business.map(|business| Column::BusinessId.eq(business.0));
        let of_business = Condition::all().add_option(of_business);
        let mut query = Entity::find().filter(of_business).filter(filter.condition());
        if let Some(after) = after {
            query = query.filter(behind(db, business, after).await?);
        }
        let query = query
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::CallSid)
            .limit(rows_for(limit));
        let rows = records(db, query).await?;
        Ok(Page::of(rows, limit, |call: &CallRecord| call.call_sid.clone()))
    })
    .await
}

/// Calls that are listed behind this one.
async fn behind(
    db: &DatabaseConnection,
    business: Option<BusinessId>,
    after: &CallSid,
) -> Result<Condition, RecordsError> {
    let of_business = business.map(|business| Column::BusinessId.eq(business.0));
    let last = Entity::find_by_id(after.as_str())
        .filter(Condition::all().add_option(of_business))
        .into_partial_model::<Row>();
    let last = last.one(db).await?.ok_or(RecordsError::NotFound)?;
    let same_instant = Condition::all()
        .add(Column::StartedAt.eq(last.started_at))
        .add(Column::CallSid.lt(after.as_str()));
    Ok(Condition::any().add(Column::StartedAt.lt(last.started_at)).add(same_instant))
}

/// The newest `limit` calls of a person, oldest first.
pub async fn of_lead(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    limit: u32,
) -> Result<Vec<CallRecord>, RecordsError> {
    db.read(move |db| async move {
        let query = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.eq(lead.0))
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::CallSid)
            .limit(u64::from(limit));
        let mut found = records(&db, query).await?;
        found.reverse();
        Ok(found)
    })
    .await
}

/// A call, whichever business has it: an operator may name a call alone.
pub async fn of_any_business(
    db: &Database,
    call: &CallSid,
) -> Result<Option<CallRecord>, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let query = Entity::find_by_id(call.as_str()).into_partial_model::<Row>();
        query.one(&db).await?.map(CallRecord::try_from).transpose()
    })
    .await
}

/// The calls, of all businesses, whose SIDs have `part` in them, which is letters and digits: the first `limit`.
/// It reads every row.
pub async fn with_part(
    db: &Database,
    part: &str,
    limit: u32,
) -> Result<Vec<CallRecord>, RecordsError> {
    let part = part.to_owned();
    db.read(move |db| async move {
        let query = Entity::find()
            .filter(Column::CallSid.contains(part))
            .order_by_asc(Column::CallSid)
            .limit(u64::from(limit));
        records(&db, query).await
    })
    .await
}

/// Those of the calls whose person was erased, of whatever business.
pub async fn erased_of(db: &Database, calls: Vec<CallSid>) -> Result<Vec<CallSid>, RecordsError> {
    /// A statement takes so many values.
    const AT_ONCE: usize = 500;
    db.read(move |db| async move {
        let mut erased = Vec::new();
        for part in calls.chunks(AT_ONCE) {
            let found: Vec<String> = Entity::find()
                .select_only()
                .column(Column::CallSid)
                .filter(Column::CallSid.is_in(part.iter().map(CallSid::as_str)))
                .filter(Column::ErasedAt.is_not_null())
                .into_tuple()
                .all(&db)
                .await?;
            for call in found {
                erased.push(column::id("calls.call_sid", &call)?);
            }
        }
        Ok(erased)
    })
    .await
}

/// When a call began and ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSpan {
    pub started_at: Timestamp,
    /// `None` while the call is live.
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<String>,
}

/// The calls of all businesses that began since then, the newest first.
pub async fn spans(
    db: &Database,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<CallSpan>, RecordsError> {
    db.read(move |db| async move {
        // By the index of each business: there is none by time alone.
        let businesses = Query::select().column("id").from("businesses").take();
        let query = Entity::find()
            .select_only()
            .columns([Column::StartedAt, Column::EndedAt, Column::EndReason])
            .filter(Column::BusinessId.in_subquery(businesses))
            .filter(Column::StartedAt.gte(column::from_instant(since)))
            .order_by_desc(Column::StartedAt)
            .limit(u64::from(limit));
        let rows: Vec<(DateTimeUtc, Option<DateTimeUtc>, Option<String>)> =
            query.into_tuple().all(&db).await?;
        let read = |(started, ended, end_reason)| {
            Ok(CallSpan {
                started_at: column::instant("calls.started_at", started)?,
                ended_at: column::optional_instant("calls.ended_at", ended)?,
                end_reason,
            })
        };
        rows.into_iter().map(read).collect()
    })
    .await
}

/// The live calls of all businesses, oldest first: the daemon's start-up sweep reads them.
pub async fn live_all(db: &Database) -> Result<Vec<CallRecord>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let query =
            Entity::find().filter(Column::EndedAt.is_null()).order_by_asc(Column::StartedAt);
        records(db, query).await
    })
    .await
}

fn find(business: BusinessId, call: &CallSid) -> Select<Entity> {
    Entity::find_by_id(call.as_str()).filter(Column::BusinessId.eq(business.0))
}

pub(crate) async fn find_record(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<CallRecord>, RecordsError> {
    let found = find(business, call).into_partial_model::<Row>().one(db).await?;
    found.map(CallRecord::try_from).transpose()
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
            from_number: column::optional_id("calls.from_number", row.from_number)?,
            to_number: column::id("calls.to_number", &row.to_number)?,
            prompt_version: row.prompt_version,
            started_at: column::instant("calls.started_at", row.started_at)?,
            answered_at: column::optional_instant("calls.answered_at", row.answered_at)?,
            ended_at: column::optional_instant("calls.ended_at", row.ended_at)?,
            duration: duration.transpose()?,
            end_reason: row.end_reason,
            ended_by: row.ended_by,
            stats: row.stats,
            is_test: row.is_test,
        })
    }
}
