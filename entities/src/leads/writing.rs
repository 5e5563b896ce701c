//! Finds, creates and updates leads. Every change of a lead writes its history in the same
//! transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use protocol::webhooks::EventKind;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, TransactionTrait,
};

use serde::{Deserialize, Serialize};

use super::history::{self, Change, ChangedBy};
use super::{LeadFields, LeadRecord, LeadSource, LeadStatus};
use crate::column;
use crate::connection::begin_write;
use crate::database::{Database, Told, Writes};
use crate::error::RecordsError;
use crate::outbox::{self, LeadData, NewEvent};
use crate::tables::leads::{ActiveModel, Column, Entity, Model};

/// The person at the other end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// All calls of a number share one lead.
    Known(&'a PhoneNumber),
    /// Without a number, each call has its own lead.
    Withheld,
}

impl<'a> Caller<'a> {
    fn phone(self) -> Option<&'a PhoneNumber> {
        match self {
            Self::Known(phone) => Some(phone),
            Self::Withheld => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnsuredLead {
    pub record: LeadRecord,
    /// `false` if it existed before.
    pub created: bool,
}

/// New values of a lead's fields. Blank values change nothing (LEAD-2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadChanges {
    pub full_name: Option<String>,
    /// The caller has checked it.
    pub email: Option<String>,
    /// The business's own fields by name. Fields that are not listed stay as they are.
    pub fields: BTreeMap<String, String>,
    /// Fields to be emptied, by their names in the history: `email`, `fields.city`. A new value for the
    /// same field counts more.
    pub cleared: BTreeSet<String>,
}

/// Finds or creates the lead of a call, and stores the call as its newest (LEAD-1). One statement
/// does both: of two simultaneous calls from one number, one creates the lead and one finds it.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn ensure_for_call(
    db: &impl Writes,
    business: BusinessId,
    caller: Caller<'_>,
    call: &CallSid,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let (phone, call) = (caller.phone().cloned(), call.clone());
    let told = db.told();
    db.write_here(move |db| async move {
        let db = &*db;
        let mut row = new_row(business, new_id, LeadSource::PhoneCall, now);
        row.last_call_sid = Set(Some(call.to_string()));
        let key = match phone {
            Some(phone) => {
                row.phone = Set(Some(phone.to_string()));
                Column::Phone
            }
            None => {
                row.call_sid = Set(Some(call.to_string()));
                Column::CallSid
            }
        };
        let conflict = OnConflict::columns([Column::BusinessId, key])
            .update_columns([Column::LastCallSid, Column::UpdatedAt])
            .to_owned();
        ensure(db, &told, row, conflict, ChangedBy::Call { call_sid: call }, now).await
    })
    .await
}

/// Finds or creates the lead of a person who wrote (WA-4): the same lead as that of their calls.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn ensure_for_message(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let (person, told) = (person.clone(), db.told());
    db.write(move |db| async move {
        let db = &db;
        let mut row = new_row(business, new_id, LeadSource::Whatsapp, now);
        row.phone = Set(Some(person.to_string()));
        ensure(db, &told, row, on_same_phone(), ChangedBy::Message, now).await
    })
    .await
}

/// Finds or creates the lead of a person whom an operator enters (OPS-4).
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn ensure_for_operator(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let (person, told) = (person.clone(), db.told());
    db.write(move |db| async move { ensure_in(&db, &told, business, &person, new_id, now).await })
        .await
}

/// As [`ensure_for_operator`], in a transaction that writes more.
pub(crate) async fn ensure_in(
    db: &impl TransactionTrait<Transaction = DatabaseTransaction>,
    told: &Told,
    business: BusinessId,
    person: &PhoneNumber,
    new_id: LeadId,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let mut row = new_row(business, new_id, LeadSource::Operator, now);
    row.phone = Set(Some(person.to_string()));
    ensure(db, told, row, on_same_phone(), ChangedBy::Api, now).await
}

/// Finds the lead with the same phone number.
fn on_same_phone() -> OnConflict {
    OnConflict::columns([Column::BusinessId, Column::Phone])
        .update_column(Column::UpdatedAt)
        .to_owned()
}

/// Merges changes into a lead; no value is erased but those to be cleared (LEAD-2). A status replaces the stored one, except
/// that a complete or declined lead does not return to `InProgress`. Writes nothing if no value
/// differs.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such lead.
pub async fn merge_details(
    db: &impl Writes,
    business: BusinessId,
    lead: LeadId,
    details: LeadChanges,
    status: Option<LeadStatus>,
    by: ChangedBy,
    now: Timestamp,
) -> Result<LeadRecord, RecordsError> {
    let told = db.told();
    db.write_here(move |db| async move {
        let db = &*db;
        let transaction = begin_write(db).await?;
        let known = Entity::find_by_id(lead.0)
            .filter(Column::BusinessId.eq(business.0))
            .lock(LockType::NoKeyUpdate)
            .one(&transaction)
            .await?
            .ok_or(RecordsError::NotFound)?;
        let (mut row, changes) = merge(known.clone(), details, status)?;
        if changes.is_empty() {
            return known.try_into();
        }
        row.updated_at = Set(column::from_instant(now));
        let merged: LeadRecord = row.update(&transaction).await?.try_into()?;
        let rows = changes.clone();
        let seq = history::write(&transaction, (business.0, lead.0), rows, &by, now).await?;
        let event = NewEvent::new(EventKind::LeadUpdated, format!("{}/{seq}", lead.0), now);
        let updated = Updated { lead: LeadData::from(&merged), by: &by, changes: &changes };
        let event = event.of_call(by.call().cloned()).of_lead(lead).with(updated);
        outbox::tell(&transaction, &told, business, event).await?;
        transaction.commit().await?;
        Ok(merged)
    })
    .await
}

/// What is told of a change.
#[derive(Serialize)]
struct Updated<'a> {
    #[serde(flatten)]
    lead: LeadData,
    #[serde(flatten)]
    by: &'a ChangedBy,
    changes: &'a [Change],
}

/// The updated row, and its changes.
fn merge(
    known: Model,
    details: LeadChanges,
    status: Option<LeadStatus>,
) -> Result<(ActiveModel, Vec<Change>), RecordsError> {
    let mut lead = LeadRecord::try_from(known.clone())?;
    let changes = lead.changed_by(details, status);
    let mut row = known.into_active_model();
    row.full_name = Set(lead.full_name);
    row.email = Set(lead.email);
    row.fields = Set(lead.fields);
    row.status = Set(lead.status);
    Ok((row, changes))
}

impl LeadRecord {
    /// Merges as [`merge_details`] does, and writes nothing.
    pub fn merge(&mut self, details: LeadChanges, status: Option<LeadStatus>) {
        self.changed_by(details, status);
    }

    fn changed_by(&mut self, details: LeadChanges, status: Option<LeadStatus>) -> Vec<Change> {
        let mut changes = Vec::new();
        let cleared = details.cleared;
        // The field's value from now on.
        let mut merged = |field: String, old: Option<String>, new: Option<String>| {
            let new = new.filter(|new| !new.trim().is_empty());
            let kept = old.clone().filter(|_| !cleared.contains(&field));
            let now = new.or(kept);
            if now != old {
                changes.push(Change { field, old, new: now.clone().unwrap_or_default() });
            }
            now
        };
        self.full_name = merged("full_name".to_owned(), self.full_name.take(), details.full_name);
        self.email = merged("email".to_owned(), self.email.take(), details.email);
        let mut told = details.fields;
        let names = cleared.iter().filter_map(|field| field.strip_prefix("fields."));
        let names: BTreeSet<String> =
            names.chain(told.keys().map(String::as_str)).map(str::to_owned).collect();
        for name in names {
            let (old, new) = (self.fields.0.remove(&name), told.remove(&name));
            if let Some(value) = merged(format!("fields.{name}"), old, new) {
                self.fields.0.insert(name, value);
            }
        }
        let decided = status.filter(|status| *status != LeadStatus::InProgress);
        let new = decided.map(|status| status.to_value());
        merged("status".to_owned(), Some(self.status.to_value()), new);
        self.status = decided.unwrap_or(self.status);
        changes
    }
}

/// Finds the lead with the row's key by `conflict`, or inserts the row and begins its history.
async fn ensure(
    db: &impl TransactionTrait<Transaction = DatabaseTransaction>,
    told: &Told,
    row: ActiveModel,
    conflict: OnConflict,
    by: ChangedBy,
    now: Timestamp,
) -> Result<EnsuredLead, RecordsError> {
    let transaction = begin_write(db).await?;
    let new_id = row.id.clone();
    let row = Entity::insert(row).on_conflict(conflict).exec_with_returning(&transaction).await?;
    let created = Set(row.id) == new_id;
    if created {
        let initial = |field: &str, new| Change { field: field.to_owned(), old: None, new };
        let mut changes = vec![initial("status", row.status.to_value())];
        changes.extend(row.phone.clone().map(|phone| initial("phone", phone)));
        history::write(&transaction, (row.business_id, row.id), changes, &by, now).await?;
    }
    let record: LeadRecord = row.try_into()?;
    if created {
        let event = NewEvent::new(EventKind::LeadCreated, record.id.0.to_string(), now);
        let event = event.of_call(by.call().cloned()).of_lead(record.id);
        let event = event.with(LeadData::from(&record));
        outbox::tell(&transaction, told, record.business_id, event).await?;
    }
    transaction.commit().await?;
    Ok(EnsuredLead { record, created })
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
        erased_at: Set(None),
        seen_to_at: Set(None),
    }
}
