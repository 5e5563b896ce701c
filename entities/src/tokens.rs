//! Tokens of the API, beside the one of the configuration: per business and role, stored as hashes.

use jiff::Timestamp;
use protocol::ids::BusinessId;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::tokens::{ActiveModel, Column, Entity, Model};

pub use crate::values::TokenRole;

/// Tokens that are listed.
const MOST_LISTED: u64 = 1000;

/// A token, without what it is recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    pub id: Uuid,
    /// What it is for, in the operator's words.
    pub name: String,
    pub role: TokenRole,
    /// The business whose rows it may see; `None`: those of all.
    pub business: Option<BusinessId>,
    pub created_at: Timestamp,
}

/// Stores a token. `hash` is that of its secret, in hexadecimal digits.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn add(db: &Database, token: TokenRecord, hash: String) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let row = ActiveModel {
            id: Set(token.id),
            name: Set(token.name),
            hash: Set(hash),
            role: Set(token.role),
            business_id: Set(token.business.map(|business| business.0)),
            created_at: Set(column::from_instant(token.created_at)),
        };
        Entity::insert(row).exec_without_returning(&db).await?;
        Ok(())
    })
    .await
}

/// A token and the hash of its secret.
pub async fn find(db: &Database, id: Uuid) -> Result<Option<(TokenRecord, String)>, RecordsError> {
    db.read(move |db| async move {
        let Some(row) = Entity::find_by_id(id).one(&db).await? else { return Ok(None) };
        let hash = row.hash.clone();
        Ok(Some((row.try_into()?, hash)))
    })
    .await
}

/// All tokens, the oldest first.
pub async fn list(db: &Database) -> Result<Vec<TokenRecord>, RecordsError> {
    db.read(|db| async move {
        let oldest_first = Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
        let rows = oldest_first.limit(MOST_LISTED).all(&db).await?;
        rows.into_iter().map(TokenRecord::try_from).collect()
    })
    .await
}

/// Removes a token: the next request with it is refused. `false` if there is none.
pub async fn revoke(db: &Database, id: Uuid) -> Result<bool, RecordsError> {
    db.write(
        move |db| async move { Ok(Entity::delete_by_id(id).exec(&db).await?.rows_affected > 0) },
    )
    .await
}

impl TryFrom<Model> for TokenRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: row.id,
            name: row.name,
            role: row.role,
            business: row.business_id.map(BusinessId),
            created_at: column::instant("tokens.created_at", row.created_at)?,
        })
    }
}
