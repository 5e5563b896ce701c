//! One-time links: whoever has one chooses the user's password, once.

use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::writing::{UserError, change_password};
use super::{UserRecord, users, with_businesses};
use crate::audit::{self, NewEntry};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::one_time_links::{ActiveModel, Column, Entity};

/// A link that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// Of its secret, in hexadecimal digits.
    pub hash: String,
    pub user: Uuid,
    pub expires_at: Timestamp,
}

/// Stores a link. Earlier ones of the same user hold no longer.
///
/// # Errors
/// [`UserError::Unknown`].
pub async fn give_link(db: &Database, link: NewLink, entry: NewEntry) -> Result<(), UserError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        Entity::delete_many().filter(Column::UserId.eq(link.user)).exec(&transaction).await?;
        let row = ActiveModel {
            hash: Set(link.hash),
            user_id: Set(link.user),
            expires_at: Set(column::from_instant(link.expires_at)),
        };
        let inserted = Entity::insert(row).exec_without_returning(&transaction).await;
        match inserted.map_err(RecordsError::from) {
            Err(RecordsError::NotFound) => return Err(UserError::Unknown),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Whose link it is; `None` if it was used, or is too old.
pub async fn by_link(
    db: &Database,
    hash: &str,
    now: Timestamp,
) -> Result<Option<UserRecord>, RecordsError> {
    let hash = hash.to_owned();
    db.read(move |db| async move {
        let link = Entity::find_by_id(hash).one(&db).await?;
        let Some(link) = link.filter(|link| column::from_instant(now) < link.expires_at) else {
            return Ok(None);
        };
        match users::Entity::find_by_id(link.user_id).one(&db).await? {
            Some(row) => Ok(Some(with_businesses(&db, row).await?)),
            None => Ok(None),
        }
    })
    .await
}

/// Uses a link: the user has this password, and earlier sessions end.
///
/// # Errors
/// [`UserError::Unknown`] if somebody else has used the link, or it is too old.
pub async fn set_password_by_link(
    db: &Database,
    hash: &str,
    password: String,
    entry: NewEntry,
) -> Result<(), UserError> {
    let hash = hash.to_owned();
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let Some(link) = Entity::find_by_id(hash.clone()).one(&transaction).await? else {
            return Err(UserError::Unknown);
        };
        // Whoever deletes the row has used the link.
        let gone = Entity::delete_many()
            .filter(Column::Hash.eq(hash))
            .filter(Column::ExpiresAt.gt(column::from_instant(entry.at)))
            .exec(&transaction)
            .await?;
        if gone.rows_affected == 0 {
            return Err(UserError::Unknown);
        }
        change_password(&transaction, link.user_id, password).await?;
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}
