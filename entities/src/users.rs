//! Users of the console, and the businesses that they may see (CON-2).

mod links;
mod writing;

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::BusinessId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::users::{Column, Entity, Model};
use crate::tables::{user_businesses, users};

pub use crate::values::UserRole;
pub use links::{NewLink, by_link, give_link, set_password_by_link};
pub use writing::{UserError, add, remove, set_access, set_password};

/// Users there can be.
pub const MOST_USERS: u64 = 1000;

/// A user, without what they are recognised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    pub id: Uuid,
    pub name: String,
    pub role: UserRole,
    /// Those that they may see; empty for an admin, who sees all.
    pub businesses: Vec<BusinessId>,
    /// Whether they have chosen a password.
    pub has_password: bool,
    pub created_at: Timestamp,
    pub signed_in_at: Option<Timestamp>,
}

impl UserRecord {
    /// Whether they may see the rows of this business.
    #[must_use]
    pub fn sees(&self, business: BusinessId) -> bool {
        self.role == UserRole::Admin || self.businesses.contains(&business)
    }
}

/// All users, by name.
pub async fn list(db: &Database) -> Result<Vec<UserRecord>, RecordsError> {
    db.read(|db| async move {
        let by_name = Entity::find().order_by_asc(Column::NameKey);
        let rows = by_name.limit(MOST_USERS).all(&db).await?;
        let mut theirs = BTreeMap::<Uuid, Vec<BusinessId>>::new();
        for row in user_businesses::Entity::find().all(&db).await? {
            theirs.entry(row.user_id).or_default().push(BusinessId(row.business_id));
        }
        let record = |row: Model| {
            let businesses = theirs.remove(&row.id).unwrap_or_default();
            record(row, businesses)
        };
        rows.into_iter().map(record).collect()
    })
    .await
}

/// The user with this name, whatever its case, and their password as a PHC string.
pub async fn find_by_name(
    db: &Database,
    name: &str,
) -> Result<Option<(UserRecord, Option<String>)>, RecordsError> {
    let key = key_of(name);
    db.read(move |db| async move {
        let Some(row) = Entity::find().filter(Column::NameKey.eq(key)).one(&db).await? else {
            return Ok(None);
        };
        let password = row.password.clone();
        Ok(Some((with_businesses(&db, row).await?, password)))
    })
    .await
}

/// The user with this id.
pub async fn get(db: &Database, id: Uuid) -> Result<Option<UserRecord>, RecordsError> {
    db.read(move |db| async move {
        match Entity::find_by_id(id).one(&db).await? {
            Some(row) => Ok(Some(with_businesses(&db, row).await?)),
            None => Ok(None),
        }
    })
    .await
}

/// Whether there is no user yet.
pub async fn is_empty(db: &Database) -> Result<bool, RecordsError> {
    db.read(|db| async move { Ok(Entity::find().limit(1).count(&db).await? == 0) }).await
}

pub(crate) async fn with_businesses(
    db: &impl ConnectionTrait,
    row: users::Model,
) -> Result<UserRecord, RecordsError> {
    let businesses = user_businesses::Entity::find()
        .filter(user_businesses::Column::UserId.eq(row.id))
        .order_by_asc(user_businesses::Column::BusinessId)
        .all(db)
        .await?;
    record(row, businesses.into_iter().map(|row| BusinessId(row.business_id)).collect())
}

fn record(row: Model, businesses: Vec<BusinessId>) -> Result<UserRecord, RecordsError> {
    Ok(UserRecord {
        id: row.id,
        name: row.name,
        role: row.role,
        businesses,
        has_password: row.password.is_some(),
        created_at: column::instant("users.created_at", row.created_at)?,
        signed_in_at: column::optional_instant("users.signed_in_at", row.signed_in_at)?,
    })
}

/// Names that differ by their case or by spaces round them are one.
pub(crate) fn key_of(name: &str) -> String {
    name.trim().to_lowercase()
}
