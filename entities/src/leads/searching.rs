//! Leads by name, number and words of their fields, the last contact first.
//!
//! A search reads the newest [`MOST_SEARCHED`] leads behind its cursor; the next page goes on behind them.

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LeadRecord, LeadStatus};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::search::Words;
use crate::tables::leads::{Column, Entity};

/// Leads that one page of a search reads.
const MOST_SEARCHED: u64 = 2_000;

/// Which leads [`search`] returns.
#[derive(Debug, Clone, Default)]
pub struct LeadSearch {
    /// A name, a number, or words of the fields; empty for any.
    pub words: String,
    pub status: Option<LeadStatus>,
}

/// The key of the last row of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadAfter {
    pub updated_at: Timestamp,
    pub id: LeadId,
}

/// A page of a business's leads that fit, the last contact first, that begins behind `after`. It may have fewer than
/// `limit` although more follow. Those who were erased are not in it.
pub async fn search(
    db: &Database,
    business: BusinessId,
    search: LeadSearch,
    after: Option<LeadAfter>,
    limit: u32,
) -> Result<Page<LeadRecord, LeadAfter>, RecordsError> {
    db.read(move |db| async move {
        let mut all = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::ErasedAt.is_null())
            .order_by_desc(Column::UpdatedAt)
            .order_by_desc(Column::Id);
        if let Some(after) = after {
            all = all.filter(behind(column::from_instant(after.updated_at), after.id.0));
        }
        let last: Vec<(DateTimeUtc, Uuid)> = all
            .clone()
            .select_only()
            .columns([Column::UpdatedAt, Column::Id])
            .offset(MOST_SEARCHED - 1)
            .limit(2)
            .into_tuple()
            .all(&db)
            .await?;
        let mut found = all;
        if let Some((at, id)) = last.first() {
            found = found.filter(behind(*at, *id).not());
        }
        let status = search.status.map(|status| Column::Status.eq(status));
        let found = found
            .filter(Condition::all().add_option(status))
            .filter(words(&search.words))
            .limit(rows_for(limit));
        let rows = found.all(&db).await?;
        let rows = rows.into_iter().map(LeadRecord::try_from).collect::<Result<_, _>>()?;
        let key = |lead: &LeadRecord| LeadAfter { updated_at: lead.updated_at, id: lead.id };
        let mut page = Page::of(rows, limit, key);
        if let (None, [(at, id), _]) = (page.next, last.as_slice()) {
            let updated_at = column::instant("leads.updated_at", *at)?;
            page.next = Some(LeadAfter { updated_at, id: LeadId(*id) });
        }
        Ok(page)
    })
    .await
}

/// Leads that are listed behind this one.
fn behind(updated_at: DateTimeUtc, id: Uuid) -> Condition {
    let same = Condition::all().add(Column::UpdatedAt.eq(updated_at)).add(Column::Id.lt(id));
    Condition::any().add(Column::UpdatedAt.lt(updated_at)).add(same)
}

fn words(text: &str) -> Condition {
    let Some(words) = Words::of(text) else { return Condition::all() };
    let column = |column: Column| Expr::col((Entity, column));
    let fields = SimpleExpr::from(column(Column::Fields)).cast_as("text");
    Condition::any()
        .add(words.are_in(column(Column::FullName)))
        .add(words.are_in(column(Column::Email)))
        .add(words.are_in(fields))
        .add_option(words.are_digits_of(column(Column::Phone)))
}
