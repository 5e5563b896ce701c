//! Leads: the people who called or wrote to a business, and what they told it.

mod facts;
mod history;
mod of_day;
mod searching;
mod writing;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::leads::{Column, Entity, Model};

pub use crate::values::{LeadFields, LeadSource, LeadStatus};
pub use history::{ChangedBy, HistoryEntry, history};
pub use of_day::{count_new_since, in_touch, note_seen_to, some};
pub use searching::{LeadAfter, LeadSearch, search};
pub(crate) use writing::ensure_in;
pub use writing::{
    Caller, EnsuredLead, LeadChanges, ensure_for_call, ensure_for_message, ensure_for_operator,
    merge_details,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRecord {
    pub id: LeadId,
    pub business_id: BusinessId,
    /// `None` if the caller withheld it.
    pub phone: Option<PhoneNumber>,
    pub full_name: Option<String>,
    pub email: Option<String>,
    pub status: LeadStatus,
    pub source: LeadSource,
    /// The business's own fields.
    pub fields: LeadFields,
    /// The person's newest call.
    pub last_call_sid: Option<CallSid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The person was erased then (LEAD-5). Who they were is not known any more.
    pub erased_at: Option<Timestamp>,
    /// When a person of the business last saw to it.
    pub seen_to_at: Option<Timestamp>,
}

pub async fn get(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
) -> Result<Option<LeadRecord>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let filter = Column::BusinessId.eq(business.0);
        let found = Entity::find_by_id(lead.0).filter(filter).one(db).await?;
        found.map(LeadRecord::try_from).transpose()
    })
    .await
}

/// The lead with this number.
pub async fn with_phone(
    db: &Database,
    business: BusinessId,
    phone: &PhoneNumber,
) -> Result<Option<LeadId>, RecordsError> {
    let phone = phone.clone();
    db.read(move |db| async move { id_of(&db, business, &phone).await }).await
}

pub(crate) async fn row_of(
    db: &impl ConnectionTrait,
    business: BusinessId,
    lead: LeadId,
) -> Result<Option<Model>, RecordsError> {
    let of_business = Entity::find_by_id(lead.0).filter(Column::BusinessId.eq(business.0));
    Ok(of_business.one(db).await?)
}

pub(crate) async fn id_of(
    db: &impl ConnectionTrait,
    business: BusinessId,
    phone: &PhoneNumber,
) -> Result<Option<LeadId>, RecordsError> {
    let of_business = Entity::find().filter(Column::BusinessId.eq(business.0));
    let found = of_business.filter(Column::Phone.eq(phone.as_str())).one(db).await?;
    Ok(found.map(|lead| LeadId(lead.id)))
}

/// Which leads [`list`] returns; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    pub status: Option<LeadStatus>,
    pub phone: Option<PhoneNumber>,
    /// The first contact is not before this.
    pub since: Option<Timestamp>,
    /// The first contact is earlier than this.
    pub until: Option<Timestamp>,
}

/// A page of a business's leads, newest first, that begins behind `after`; of all businesses for `None`.
pub async fn list(
    db: &Database,
    business: impl Into<Option<BusinessId>>,
    filter: LeadFilter,
    after: Option<LeadId>,
    limit: u32,
) -> Result<Page<LeadRecord, LeadId>, RecordsError> {
    let business = business.into();
    db.read(move |db| async move {
        let db = &db;
        let filter = Condition::all()
            .add_option(business.map(|business| Column::BusinessId.eq(business.0)))
            .add_option(filter.status.map(|status| Column::Status.eq(status)))
            .add_option(filter.phone.map(|phone| Column::Phone.eq(phone.as_str())))
            .add_option(filter.since.map(|at| Column::CreatedAt.gte(column::from_instant(at))))
            .add_option(filter.until.map(|at| Column::CreatedAt.lt(column::from_instant(at))))
            .add_option(after.map(|after| Column::Id.lt(after.0)));
        let query = Entity::find().filter(filter);
        // UUIDs of version 7 sort by time.
        let rows = query.order_by_desc(Column::Id).limit(rows_for(limit)).all(db).await?;
        let rows = rows.into_iter().map(LeadRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |lead: &LeadRecord| lead.id))
    })
    .await
}

impl TryFrom<Model> for LeadRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: LeadId(row.id),
            business_id: BusinessId(row.business_id),
            phone: column::optional_id("leads.phone", row.phone)?,
            full_name: row.full_name,
            email: row.email,
            status: row.status,
            source: row.source,
            fields: row.fields,
            last_call_sid: column::optional_id("leads.last_call_sid", row.last_call_sid)?,
            created_at: column::instant("leads.created_at", row.created_at)?,
            updated_at: column::instant("leads.updated_at", row.updated_at)?,
            erased_at: column::optional_instant("leads.erased_at", row.erased_at)?,
            seen_to_at: column::optional_instant("leads.seen_to_at", row.seen_to_at)?,
        })
    }
}
