//! Taking an appointment back.

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::{AppointmentId, AppointmentRecord, AppointmentStatus};
use crate::column;
use crate::error::RecordsError;
use crate::tables::appointments::{Column, Entity};

/// On whose word an appointment is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// A lead's: only that lead's own can be (CAL-1).
    Lead(LeadId),
    /// The business's.
    Business,
}

/// Which appointment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one with this key.
    Id(AppointmentId),
    /// The one that begins then.
    StartingAt(Timestamp),
}

/// Cancels an appointment and frees its place. Cancelling again answers the same.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is none, or it is not the authority's.
pub async fn cancel(
    db: &DatabaseConnection,
    business: BusinessId,
    authority: Authority,
    which: Which,
) -> Result<AppointmentRecord, RecordsError> {
    let mut meant = Condition::all().add(Column::BusinessId.eq(business.0));
    if let Authority::Lead(lead) = authority {
        meant = meant.add(Column::LeadId.eq(lead.0));
    }
    meant = match which {
        Which::Id(id) => meant.add(Column::Id.eq(id.0)),
        Which::StartingAt(start) => meant.add(Column::StartsAt.eq(column::from_instant(start))),
    };
    let cancelled = Entity::update_many()
        .col_expr(Column::Status, Expr::value(AppointmentStatus::Cancelled))
        .filter(meant.clone())
        .filter(Column::Status.eq(AppointmentStatus::Booked))
        .exec_with_returning(db)
        .await?;
    let row = match cancelled.into_iter().next() {
        Some(row) => Some(row),
        None => Entity::find().filter(meant).order_by_desc(Column::Id).one(db).await?,
    };
    row.ok_or(RecordsError::NotFound)?.try_into()
}
