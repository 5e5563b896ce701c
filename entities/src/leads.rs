//! Leads: the people who called a business, and what they told it.

mod facts;

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseConnection, DeriveActiveEnum, EntityTrait,
    EnumIter, FromJsonQueryResult, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::column;
use crate::connection::begin_write;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::leads::{ActiveModel, Column, Entity, Model};

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

/// Who is at the other end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// A number: one lead for all its calls.
    Known(&'a PhoneNumber),
    /// Nobody knows: a lead of its own for this call.
    Withheld,
}

/// A lead that was found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnsuredLead {
    /// The lead.
    pub record: LeadRecord,
    /// Whether it was made for this.
    pub created: bool,
}

/// What was told just now. An empty text is no answer and changes nothing (LEAD-2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadChanges {
    /// The name.
    pub full_name: Option<String>,
    /// The address for letters, checked by the caller.
    pub email: Option<String>,
    /// Other fields, by name; those not named here stay.
    pub fields: BTreeMap<String, String>,
}

/// Finds or makes the lead of a call, and notes the call as its newest (LEAD-1). One statement: of
/// two calls at once from one number, one makes the lead and the other finds it.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn ensure_for_call(
    db: &DatabaseConnection,
    business: BusinessId,
    caller: Caller<'_>,
    call: &CallSid,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let mut row = new_row(business, new_id, LeadSource::PhoneCall, now);
    row.last_call_sid = Set(Some(call.to_string()));
    let key = match caller {
        Caller::Known(phone) => {
            row.phone = Set(Some(phone.to_string()));
            Column::Phone
        }
        Caller::Withheld => {
            row.call_sid = Set(Some(call.to_string()));
            Column::CallSid
        }
    };
    let found = OnConflict::columns([Column::BusinessId, key])
        .update_columns([Column::LastCallSid, Column::UpdatedAt])
        .to_owned();
    ensured(new_id, Entity::insert(row).on_conflict(found).exec_with_returning(db).await?)
}

/// Finds or makes the lead of a person who wrote (WA-4): the same one as if they had called.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn ensure_for_message(
    db: &DatabaseConnection,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    ensure_by_phone(db, business, person, new_id, LeadSource::Whatsapp, now).await
}

/// Finds or makes the lead of a person for whom the operator does something (OPS-4).
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn ensure_for_operator(
    db: &DatabaseConnection,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    ensure_by_phone(db, business, person, new_id, LeadSource::Operator, now).await
}

async fn ensure_by_phone(
    db: &DatabaseConnection,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: LeadId,
    source: LeadSource,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let mut row = new_row(business, new_id, source, now);
    row.phone = Set(Some(person.to_string()));
    let found = OnConflict::columns([Column::BusinessId, Column::Phone])
        .update_column(Column::UpdatedAt)
        .to_owned();
    ensured(new_id, Entity::insert(row).on_conflict(found).exec_with_returning(db).await?)
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

/// Lays what was told over what is known; nothing is erased (LEAD-2). A status, if given, is taken,
/// but a lead that was decided does not go back to being in progress.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such lead.
pub async fn merge_details(
    db: &DatabaseConnection,
    business: BusinessId,
    lead: LeadId,
    changes: LeadChanges,
    status: Option<LeadStatus>,
    now: Timestamp,
) -> Result<LeadRecord, RecordsError> {
    let transaction = begin_write(db).await?;
    let known = Entity::find_by_id(lead.0)
        .filter(Column::BusinessId.eq(business.0))
        .lock(LockType::NoKeyUpdate)
        .one(&transaction)
        .await?
        .ok_or(RecordsError::NotFound)?;
    let mut fields = known.fields.clone();
    fields.0.extend(changes.fields.into_iter().filter(|(_, value)| !value.trim().is_empty()));
    let mut row = known.into_active_model();
    row.fields = Set(fields);
    if let Some(full_name) = told(changes.full_name) {
        row.full_name = Set(Some(full_name));
    }
    if let Some(email) = told(changes.email) {
        row.email = Set(Some(email));
    }
    if let Some(decided @ (LeadStatus::Complete | LeadStatus::Declined)) = status {
        row.status = Set(decided);
    }
    row.updated_at = Set(column::from_instant(now));
    let merged = row.update(&transaction).await?;
    transaction.commit().await?;
    merged.try_into()
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

fn new_row(business: BusinessId, id: LeadId, source: LeadSource, now: Timestamp) -> ActiveModel {
    let now = column::from_instant(now);
    ActiveModel {
        id: Set(id.0),
        business_id: Set(business.0),
        phone: Set(None),
        call_sid: Set(None),
        full_name: Set(None),
        email: Set(None),
        status: Set(LeadStatus::InProgress),
        source: Set(source),
        fields: Set(LeadFields::default()),
        last_call_sid: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

fn ensured(new_id: LeadId, row: Model) -> Result<EnsuredLead, RecordsError> {
    let record = LeadRecord::try_from(row)?;
    let created = record.id == new_id;
    Ok(EnsuredLead { record, created })
}

fn told(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
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
