//! Leads that a day's page of a business shows, and the mark that a person has seen to one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{LeadRecord, LeadStatus};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::leads::{Column, Entity};

/// The newest `limit` leads with a contact since then who have not declined: whoever is to be called back is one of
/// them.
pub async fn in_touch(
    db: &Database,
    business: BusinessId,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<LeadRecord>, RecordsError> {
    db.read(move |db| async move {
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::UpdatedAt.gte(column::from_instant(since)))
            .filter(Column::ErasedAt.is_null())
            .filter(Column::Status.ne(LeadStatus::Declined))
            .order_by_desc(Column::UpdatedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit))
            .all(&db)
            .await?;
        rows.into_iter().map(LeadRecord::try_from).collect()
    })
    .await
}

/// How many people have got in touch for the first time since then.
pub async fn count_new_since(
    db: &Database,
    business: BusinessId,
    since: Timestamp,
) -> Result<u64, RecordsError> {
    db.read(move |db| async move {
        let since = column::from_instant(since);
        let new = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            // A lead was last changed when it was made, or later: the index is by the change.
            .filter(Column::UpdatedAt.gte(since))
            .filter(Column::CreatedAt.gte(since));
        Ok(new.count(&db).await?)
    })
    .await
}

/// The business's leads among these.
pub async fn some(
    db: &Database,
    business: BusinessId,
    leads: Vec<LeadId>,
) -> Result<BTreeMap<LeadId, LeadRecord>, RecordsError> {
    db.read(move |db| async move {
        let rows = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Id.is_in(leads.into_iter().map(|lead| lead.0)))
            .all(&db)
            .await?;
        let read = |row| {
            let lead = LeadRecord::try_from(row)?;
            Ok((lead.id, lead))
        };
        rows.into_iter().map(read).collect()
    })
    .await
}

/// Notes that a person of the business has seen to the lead. It is to be called back again after its next contact.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such lead, or the lead is erased.
pub async fn note_seen_to(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let noted = Entity::update_many()
            .col_expr(Column::SeenToAt, Expr::value(column::from_instant(now)))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Id.eq(lead.0))
            .filter(Column::ErasedAt.is_null())
            .exec(&db)
            .await?;
        if noted.rows_affected == 0 { Err(RecordsError::NotFound) } else { Ok(()) }
    })
    .await
}
