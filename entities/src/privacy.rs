//! What is known of one person: given out, and erased (LEAD-5).
//!
//! An erasure is a row with a keyed hash of the person, so that it can be applied again after a restore. It
//! is asked for by [`ask`], and carried out by [`carry_out`] once no call of the person goes on. Rows stay,
//! so counts are the same; what was said, and who the person is, go. The tables are listed in
//! `docs/privacy.md`.

mod erasing;
mod export;
mod kept;
mod matching;
mod opt_outs;

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId, PhoneNumber};
use protocol::person_key::{PersonHash, PersonKey};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::leads;
use crate::tables::erasures::{ActiveModel, Column, Entity, Model};

pub use crate::values::AskedBy;
pub use erasing::{Erased, Outcome, carry_out};
pub use export::{Export, export};
pub use kept::{Kept, KeptErasure, KeptOptOut, changes, kept, merge, sync_opt_outs};
pub(crate) use opt_outs::{is_opted_out, note_opt_out};

/// Whose data it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Lead(LeadId),
    /// Whether or not there is a lead with this number.
    Number(PhoneNumber),
}

/// An erasure, without the person's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureRecord {
    pub id: Uuid,
    pub business: BusinessId,
    pub person: PersonHash,
    /// [`PersonKey::id`] of the key that made the hash.
    pub key_id: String,
    pub asked_by: AskedBy,
    pub asked_at: Timestamp,
    /// The person's lead, until it is done.
    pub lead: Option<LeadId>,
    /// `None` while a call of the person goes on.
    pub done_at: Option<Timestamp>,
}

/// Writes that a person is to be erased.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such lead, or the lead is erased.
pub async fn ask(
    db: &Database,
    key: &PersonKey,
    business: BusinessId,
    subject: Subject,
    asked_by: AskedBy,
    id: Uuid,
    now: Timestamp,
) -> Result<ErasureRecord, RecordsError> {
    let key = key.clone();
    db.write(move |db| async move {
        let (lead, number) = match subject {
            Subject::Number(number) => (leads::id_of(&db, business, &number).await?, Some(number)),
            Subject::Lead(lead) => {
                let row = leads::row_of(&db, business, lead).await?;
                let row =
                    row.filter(|row| row.erased_at.is_none()).ok_or(RecordsError::NotFound)?;
                (Some(lead), column::optional_id("leads.phone", row.phone)?)
            }
        };
        let person = match (&number, lead) {
            (Some(number), _) => key.of_number(business, number),
            (None, Some(lead)) => key.of_lead(business, lead),
            (None, None) => return Err(RecordsError::NotFound),
        };
        let row = ActiveModel {
            id: Set(id),
            business_id: Set(business.0),
            person: Set(person.0),
            key_id: Set(key.id().to_owned()),
            asked_by: Set(asked_by),
            asked_at: Set(column::from_instant(now)),
            lead_id: Set(lead.map(|lead| lead.0)),
            done_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(&db).await?;
        let written = Entity::find_by_id(id).one(&db).await?.ok_or(RecordsError::NotFound)?;
        written.try_into()
    })
    .await
}

/// The erasures of all businesses that are not done, and those that were done since `since`: records that a
/// node kept on disk can come later than they. The oldest first.
pub async fn to_carry_out(
    db: &Database,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<ErasureRecord>, RecordsError> {
    db.read(move |db| async move {
        let wanted = Condition::any()
            .add(Column::DoneAt.is_null())
            .add(Column::DoneAt.gte(column::from_instant(since)));
        let rows = Entity::find()
            .filter(wanted)
            .order_by_asc(Column::AskedAt)
            .limit(u64::from(limit))
            .all(&db)
            .await?;
        rows.into_iter().map(ErasureRecord::try_from).collect()
    })
    .await
}

/// Whether the erasure of a lead waits for the end of the person's call.
pub async fn waits_for(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
) -> Result<bool, RecordsError> {
    db.read(move |db| async move {
        let waiting = Entity::find()
            .filter(Column::DoneAt.is_null())
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::LeadId.eq(lead.0));
        Ok(waiting.one(&db).await?.is_some())
    })
    .await
}

/// Whether the database has hashes that were made with another key.
pub async fn knows_another_key(db: &Database, key: &PersonKey) -> Result<bool, RecordsError> {
    use crate::tables::opt_outs;
    let id = key.id().to_owned();
    db.read(move |db| async move {
        let erasure = Entity::find().filter(Column::KeyId.ne(id.clone())).one(&db).await?;
        let opt_out =
            opt_outs::Entity::find().filter(opt_outs::Column::KeyId.ne(id)).one(&db).await?;
        Ok(erasure.is_some() || opt_out.is_some())
    })
    .await
}

impl TryFrom<Model> for ErasureRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: row.id,
            business: BusinessId(row.business_id),
            person: PersonHash(row.person),
            key_id: row.key_id,
            asked_by: row.asked_by,
            asked_at: column::instant("erasures.asked_at", row.asked_at)?,
            lead: row.lead_id.map(LeadId),
            done_at: column::optional_instant("erasures.done_at", row.done_at)?,
        })
    }
}
