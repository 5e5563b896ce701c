//! Makes, changes and removes users. Each change is one transaction with its entry in the audit log.

use protocol::ids::BusinessId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use thiserror::Error;
use uuid::Uuid;

use super::{MOST_USERS, UserRecord, UserRole, key_of, with_businesses};
use crate::audit::{self, NewEntry};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::users::{ActiveModel, Column, Entity};
use crate::tables::{one_time_links, sessions, user_businesses};

/// Why a user was not made or changed.
#[derive(Debug, Error)]
pub enum UserError {
    /// Another user has the name, perhaps in another case.
    #[error("another user has that name")]
    NameTaken,
    #[error("there is no such user")]
    Unknown,
    /// Nobody could make users any more.
    #[error("this is the last user with role admin")]
    LastAdmin,
    #[error("there are {MOST_USERS} users already")]
    TooMany,
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<DbErr> for UserError {
    fn from(error: DbErr) -> Self {
        Self::Records(error.into())
    }
}

/// Makes a user. Without a password they get in by a one-time link alone.
///
/// # Errors
/// [`UserError::NameTaken`].
pub async fn add(
    db: &Database,
    user: UserRecord,
    password: Option<String>,
    entry: NewEntry,
) -> Result<(), UserError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        if Entity::find().count(&transaction).await? >= MOST_USERS {
            return Err(UserError::TooMany);
        }
        let row = ActiveModel {
            id: Set(user.id),
            name: Set(user.name.trim().to_owned()),
            name_key: Set(key_of(&user.name)),
            role: Set(user.role),
            password: Set(password),
            created_at: Set(column::from_instant(user.created_at)),
            signed_in_at: Set(None),
        };
        let inserted = Entity::insert(row).exec_without_returning(&transaction).await;
        match inserted.map_err(RecordsError::from) {
            Err(RecordsError::Conflict) => return Err(UserError::NameTaken),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        set_businesses(&transaction, user.id, user.role, user.businesses).await?;
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Sets the role and the businesses. Sessions go on, with the new rights.
///
/// # Errors
/// [`UserError::LastAdmin`] if nobody would be left with that role.
pub async fn set_access(
    db: &Database,
    id: Uuid,
    role: UserRole,
    businesses: Vec<BusinessId>,
    entry: NewEntry,
) -> Result<(), UserError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let user = find(&transaction, id).await?;
        if role != UserRole::Admin {
            refuse_last_admin(&transaction, &user).await?;
        }
        Entity::update_many()
            .col_expr(Column::Role, Expr::value(role))
            .filter(Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        set_businesses(&transaction, id, role, businesses).await?;
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Sets the password, as a PHC string. Sessions and links end.
///
/// # Errors
/// [`UserError::Unknown`].
pub async fn set_password(
    db: &Database,
    id: Uuid,
    password: String,
    entry: NewEntry,
) -> Result<(), UserError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        find(&transaction, id).await?;
        change_password(&transaction, id, password).await?;
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

pub(super) async fn change_password(
    transaction: &DatabaseTransaction,
    id: Uuid,
    password: String,
) -> Result<(), RecordsError> {
    Entity::update_many()
        .col_expr(Column::Password, Expr::value(password))
        .filter(Column::Id.eq(id))
        .exec(transaction)
        .await?;
    end_all(transaction, id).await
}

/// Removes a user with their sessions.
///
/// # Errors
/// [`UserError::LastAdmin`] if nobody would be left with that role.
pub async fn remove(db: &Database, id: Uuid, entry: NewEntry) -> Result<(), UserError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let user = find(&transaction, id).await?;
        refuse_last_admin(&transaction, &user).await?;
        end_all(&transaction, id).await?;
        set_businesses(&transaction, id, UserRole::Admin, Vec::new()).await?;
        Entity::delete_by_id(id).exec(&transaction).await?;
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

async fn find(transaction: &DatabaseTransaction, id: Uuid) -> Result<UserRecord, UserError> {
    let row = Entity::find_by_id(id).lock(LockType::Update).one(transaction).await?;
    Ok(with_businesses(transaction, row.ok_or(UserError::Unknown)?).await?)
}

/// Locks all of them, so that two can't remove each other.
async fn refuse_last_admin(
    transaction: &DatabaseTransaction,
    user: &UserRecord,
) -> Result<(), UserError> {
    if user.role != UserRole::Admin {
        return Ok(());
    }
    let admins: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Role.eq(UserRole::Admin))
        .order_by_asc(Column::Id)
        .lock(LockType::Update)
        .into_tuple()
        .all(transaction)
        .await?;
    if admins.iter().any(|id| *id != user.id) { Ok(()) } else { Err(UserError::LastAdmin) }
}

/// An admin sees all businesses, and has no rows.
async fn set_businesses(
    db: &impl ConnectionTrait,
    user: Uuid,
    role: UserRole,
    businesses: Vec<BusinessId>,
) -> Result<(), RecordsError> {
    use user_businesses::{ActiveModel, Column, Entity};
    Entity::delete_many().filter(Column::UserId.eq(user)).exec(db).await?;
    let rows = businesses
        .into_iter()
        .filter(|_| role != UserRole::Admin)
        .map(|business| ActiveModel { user_id: Set(user), business_id: Set(business.0) });
    let rows: Vec<ActiveModel> = rows.collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Ends the user's sessions and links.
async fn end_all(db: &impl ConnectionTrait, user: Uuid) -> Result<(), RecordsError> {
    sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user)).exec(db).await?;
    let links = one_time_links::Entity::delete_many();
    links.filter(one_time_links::Column::UserId.eq(user)).exec(db).await?;
    Ok(())
}
