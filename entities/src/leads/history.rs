//! The history of a lead: each change of one of its fields, with its time and author.
//!
//! A change and its history rows are one transaction (see `writing`), which locks the lead's row. So a
//! change's old value is always the new value of the field's previous change.

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::lead_changes::{ActiveModel, ChangeSource, Column, Entity, Model};

/// Who changed a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "changed_by", rename_all = "snake_case")]
pub enum ChangedBy {
    /// The person, in a call.
    Call { call_sid: CallSid },
    /// The person, in a text message.
    Message,
    /// An operator, by the API.
    Api,
}

/// A change of one field of a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Counts the lead's changes from 1.
    pub seq: u32,
    /// Changes made together have the same time and consecutive numbers.
    pub at: Timestamp,
    #[serde(flatten)]
    pub by: ChangedBy,
    /// `phone`, `full_name`, `email`, `status`, or one of the business's own fields, as in
    /// `fields.city`.
    pub field: String,
    /// `None` if the field was empty.
    pub old: Option<String>,
    /// Empty if the field was cleared.
    pub new: String,
}

/// A page of a lead's changes, newest first, that begins behind number `after`. Empty if this
/// business has no such lead.
pub async fn history(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    after: Option<u32>,
    limit: u32,
) -> Result<Page<HistoryEntry, u32>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let mut query = Entity::find()
            .filter(Column::LeadId.eq(lead.0))
            .filter(Column::BusinessId.eq(business.0));
        if let Some(after) = after {
            query = query.filter(Column::Seq.lt(i64::from(after)));
        }
        let rows = query.order_by_desc(Column::Seq).limit(rows_for(limit)).all(db).await?;
        let rows = rows.into_iter().map(HistoryEntry::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |change: &HistoryEntry| change.seq))
    })
    .await
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    pub(super) field: String,
    pub(super) old: Option<String>,
    pub(super) new: String,
}

/// Writes history rows in the transaction that makes the changes and holds the lock on the lead. Returns the
/// number of the last one.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    (business, lead): (Uuid, Uuid),
    changes: Vec<Change>,
    by: &ChangedBy,
    now: Timestamp,
) -> Result<i64, RecordsError> {
    let last: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Seq)
        .filter(Column::LeadId.eq(lead))
        .order_by_desc(Column::Seq)
        .into_tuple()
        .one(transaction)
        .await?;
    let (changed_by, call_sid) = by.columns();
    let first = last.unwrap_or(0) + 1;
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let rows = changes.into_iter().zip(first..).map(|(change, seq)| ActiveModel {
        lead_id: Set(lead),
        seq: Set(seq),
        business_id: Set(business),
        at: Set(column::from_instant(now)),
        changed_by: Set(changed_by),
        call_sid: Set(call_sid.clone()),
        field: Set(change.field),
        old_value: Set(change.old),
        new_value: Set(change.new),
    });
    Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(first + count - 1)
}

impl ChangedBy {
    /// The call in which it was.
    pub(super) fn call(&self) -> Option<&CallSid> {
        match self {
            Self::Call { call_sid } => Some(call_sid),
            Self::Message | Self::Api => None,
        }
    }

    fn columns(&self) -> (ChangeSource, Option<String>) {
        match self {
            Self::Call { call_sid } => (ChangeSource::Call, Some(call_sid.to_string())),
            Self::Message => (ChangeSource::Message, None),
            Self::Api => (ChangeSource::Api, None),
        }
    }
}

impl TryFrom<Model> for HistoryEntry {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        let call_sid = column::optional_id("lead_changes.call_sid", row.call_sid)?;
        let by = match (row.changed_by, call_sid) {
            (ChangeSource::Call, Some(call_sid)) => ChangedBy::Call { call_sid },
            (ChangeSource::Call, None) => {
                return Err(RecordsError::Corrupt { column: "lead_changes.call_sid" });
            }
            (ChangeSource::Message, _) => ChangedBy::Message,
            (ChangeSource::Api, _) => ChangedBy::Api,
        };
        Ok(Self {
            seq: column::number("lead_changes.seq", row.seq)?,
            at: column::instant("lead_changes.at", row.at)?,
            by,
            field: row.field,
            old: row.old_value,
            new: row.new_value,
        })
    }
}
