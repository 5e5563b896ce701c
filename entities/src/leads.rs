//! Leads: the people who called a business, and what they told it.

mod facts;
mod history;
mod writing;

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DeriveActiveEnum, EntityTrait, EnumIter,
    FromJsonQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::column;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::leads::{Column, Entity, Model};

pub use history::{ChangedBy, HistoryEntry, history};
pub use writing::{
    Caller, EnsuredLead, LeadChanges, ensure_for_call, ensure_for_message, ensure_for_operator,
    merge_details,
};

/// How far a lead has come.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LeadStatus {
    /// Something is still to be asked.
    InProgress,
    /// Everything required is known.
    Complete,
    /// The person does not want to go on.
    Declined,
}

/// How a person first came to a business.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumIter, DeriveActiveEnum, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LeadSource {
    /// By telephone.
    PhoneCall,
    /// By a text message.
    Whatsapp,
    /// By the operator's hand.
    Operator,
}

/// What a lead told, by the name of the field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct LeadFields(pub BTreeMap<String, String>);

/// A person who called a business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeadRecord {
    /// The lead.
    pub id: LeadId,
    /// Whose lead it is.
    pub business_id: BusinessId,
    /// The number the person calls from; `None` where it was withheld.
    pub phone: Option<PhoneNumber>,
    /// The name, once told.
    pub full_name: Option<String>,
    /// The address for letters, once told.
    pub email: Option<String>,
    /// How far it has come.
    pub status: LeadStatus,
    /// How the person first came.
    pub source: LeadSource,
    /// Everything else that was told.
    pub fields: LeadFields,
    /// The newest call of this person.
    pub last_call_sid: Option<CallSid>,
    /// When the person first came.
    pub created_at: Timestamp,
    /// When something last changed.
    pub updated_at: Timestamp,
}

/// A lead of this business.
///
/// # Errors
/// [`RecordsError`].
pub async fn get(
    db: &DatabaseConnection,
    business: BusinessId,
    lead: LeadId,
) -> Result<Option<LeadRecord>, RecordsError> {
    let filter = Column::BusinessId.eq(business.0);
    let found = Entity::find_by_id(lead.0).filter(filter).one(db).await?;
    found.map(LeadRecord::try_from).transpose()
}

/// A business's leads, of this status if one is given, newest first, from the one after `after`.
///
/// # Errors
/// [`RecordsError`].
pub async fn list(
    db: &DatabaseConnection,
    business: BusinessId,
    status: Option<LeadStatus>,
    after: Option<LeadId>,
    limit: u32,
) -> Result<Page<LeadRecord, LeadId>, RecordsError> {
    let meant = Condition::all()
        .add(Column::BusinessId.eq(business.0))
        .add_option(status.map(|status| Column::Status.eq(status)))
        .add_option(after.map(|after| Column::Id.lt(after.0)));
    let query = Entity::find().filter(meant);
    // Keys of version 7 sort by the time they were made.
    let rows = query.order_by_desc(Column::Id).limit(rows_for(limit)).all(db).await?;
    let rows = rows.into_iter().map(LeadRecord::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |lead: &LeadRecord| lead.id))
}

impl TryFrom<Model> for LeadRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: LeadId(row.id),
            business_id: BusinessId(row.business_id),
            phone: column::id_if_any("leads.phone", row.phone)?,
            full_name: row.full_name,
            email: row.email,
            status: row.status,
            source: row.source,
            fields: row.fields,
            last_call_sid: column::id_if_any("leads.last_call_sid", row.last_call_sid)?,
            created_at: column::instant("leads.created_at", row.created_at)?,
            updated_at: column::instant("leads.updated_at", row.updated_at)?,
        })
    }
}
