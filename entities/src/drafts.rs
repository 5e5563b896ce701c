//! Drafts of a business's next settings (CON-3): one for each business, which its people share.

use jiff::Timestamp;
use protocol::ids::BusinessId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::Value;

use crate::audit::{self, NewEntry};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::drafts::{ActiveModel, Column, Entity};

/// A draft.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftRecord {
    /// The version that it was made from.
    pub base: i32,
    pub settings: Value,
    /// Another one with each change, and never one of an earlier draft.
    pub revision: i64,
    pub changed_at: Timestamp,
    /// The user's name.
    pub changed_by: String,
}

/// A draft that is to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDraft {
    pub base: i32,
    pub settings: Value,
    /// The revision that it was made from; `None`: there was no draft.
    pub made_from: Option<i64>,
    pub by: String,
    pub now: Timestamp,
}

/// The draft of a business.
pub async fn get(db: &Database, business: BusinessId) -> Result<Option<DraftRecord>, RecordsError> {
    db.read(move |db| async move {
        let Some(row) = Entity::find_by_id(business.0).one(&db).await? else { return Ok(None) };
        Ok(Some(DraftRecord {
            base: row.base,
            settings: row.settings,
            revision: row.revision,
            changed_at: column::instant("drafts.changed_at", row.changed_at)?,
            changed_by: row.changed_by,
        }))
    })
    .await
}

/// Saves a draft. `false`: somebody else has changed it since, and nothing is saved.
pub async fn save(
    db: &Database,
    business: BusinessId,
    draft: NewDraft,
    entry: NewEntry,
) -> Result<bool, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let db = &transaction;
        let at = column::from_instant(draft.now);
        // Two changes within a microsecond, or of a clock that went back, differ as well.
        let revision = draft.now.as_microsecond().max(draft.made_from.unwrap_or_default() + 1);
        let done = match draft.made_from {
            None => {
                let row = ActiveModel {
                    business_id: Set(business.0),
                    base: Set(draft.base),
                    settings: Set(draft.settings),
                    revision: Set(revision),
                    changed_at: Set(at),
                    changed_by: Set(draft.by),
                };
                let none = OnConflict::column(Column::BusinessId).do_nothing().to_owned();
                Entity::insert(row).on_conflict(none).exec_without_returning(db).await?
            }
            Some(made_from) => {
                Entity::update_many()
                    .col_expr(Column::Base, Expr::value(draft.base))
                    .col_expr(Column::Settings, Expr::value(draft.settings))
                    .col_expr(Column::Revision, Expr::value(revision))
                    .col_expr(Column::ChangedAt, Expr::value(at))
                    .col_expr(Column::ChangedBy, Expr::value(draft.by))
                    .filter(Column::BusinessId.eq(business.0))
                    .filter(Column::Revision.eq(made_from))
                    .exec(db)
                    .await?
                    .rows_affected
            }
        };
        if done > 0 {
            audit::insert(db, entry).await?;
        }
        transaction.commit().await?;
        Ok(done > 0)
    })
    .await
}

/// Throws a draft away. `false`: it has changed since, or there is none.
pub async fn discard(
    db: &Database,
    business: BusinessId,
    revision: i64,
    entry: NewEntry,
) -> Result<bool, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let is_gone = remove(&transaction, business, revision).await?;
        if is_gone {
            audit::insert(&transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(is_gone)
    })
    .await
}

/// In the transaction that publishes it.
pub(crate) async fn remove(
    db: &impl ConnectionTrait,
    business: BusinessId,
    revision: i64,
) -> Result<bool, RecordsError> {
    let gone = Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Revision.eq(revision));
    Ok(gone.exec(db).await?.rows_affected > 0)
}
