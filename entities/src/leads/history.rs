//! What became of a lead: each change of one of its fields, when it was made and by whom. A change and
//! its rows here are one transaction (`writing`), numbered while the lead's own row is locked: the old
//! value of a field is always the new value of the row before.

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::lead_changes::{ActiveModel, ChangeSource, Column, Entity, Model};

/// On whose word a lead was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "changed_by", rename_all = "snake_case")]
pub enum ChangedBy {
    /// The person's, in a call.
    Call {
        /// The call.
        call_sid: CallSid,
    },
    /// The person's, in a text message.
    Message,
    /// An operator's, through the API.
    Api,
}

/// One change of one field of a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Its number within the lead, from 1.
    pub seq: u32,
    /// When it was made. Changes made together have one instant, and follow each other.
    pub at: Timestamp,
    /// On whose word.
    #[serde(flatten)]
    pub by: ChangedBy,
    /// `phone`, `full_name`, `email`, `status`, or a field of the business's as in `fields.city`.
    pub field: String,
    /// What it held before; `None` where it held nothing.
    pub old: Option<String>,
    /// What it holds since.
    pub new: String,
}

/// The changes of a lead, the newest first, from the one after the number `after`; none if this
/// business has no such lead.
///
/// # Errors
/// [`RecordsError`].
pub async fn history(
    db: &DatabaseConnection,
    business: BusinessId,
    lead: LeadId,
    after: Option<u32>,
    limit: u32,
) -> Result<Page<HistoryEntry, u32>, RecordsError> {
    let mut query =
        Entity::find().filter(Column::LeadId.eq(lead.0)).filter(Column::BusinessId.eq(business.0));
    if let Some(after) = after {
        query = query.filter(Column::Seq.lt(i64::from(after)));
    }
    let rows = query.order_by_desc(Column::Seq).limit(rows_for(limit)).all(db).await?;
    let rows = rows.into_iter().map(HistoryEntry::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |change: &HistoryEntry| change.seq))
}

/// A field that is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) field: String,
    pub(super) old: Option<String>,
    pub(super) new: String,
}

/// Writes changes down, in the transaction that makes them and holds the lead's row.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    (business, lead): (Uuid, Uuid),
    changes: Vec<Change>,
    by: &ChangedBy,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let last: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Seq)
        .filter(Column::LeadId.eq(lead))
        .order_by_desc(Column::Seq)
        .into_tuple()
        .one(transaction)
        .await?;
    let (changed_by, call_sid) = by.columns();
    let rows = changes.into_iter().zip(last.unwrap_or(0) + 1..).map(|(change, seq)| ActiveModel {
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
    Ok(())
}

impl ChangedBy {
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
        let call_sid = column::id_if_any("lead_changes.call_sid", row.call_sid)?;
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
