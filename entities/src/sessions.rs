//! Sessions of the console (CON-2). A session is known by the hash of a secret that its user's browser has.

use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::audit::{self, NewEntry};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::sessions::{ActiveModel, Column, Entity, Model};
use crate::tables::{one_time_links, users};
use crate::users::{UserRecord, with_businesses};

/// A session ends when nobody has used it for so long.
pub const IDLE_LIMIT: SignedDuration = SignedDuration::from_hours(3 * 24);
/// A session ends so long after the sign-in.
pub const LIMIT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How exactly it is known when a session was used: not every request writes.
const TOUCHED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Sessions of one user. The oldest ends when another begins.
const MOST_OF_USER: u64 = 20;

/// A session that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Of its secret, in hexadecimal digits.
    pub hash: String,
    pub user: Uuid,
    /// Goes into every form.
    pub csrf: String,
    pub now: Timestamp,
}

/// A session, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    pub user: UserRecord,
    pub csrf: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

/// Begins a session.
///
/// # Errors
/// [`RecordsError::NotFound`] if the user was removed meanwhile.
pub async fn begin(
    db: &Database,
    session: NewSession,
    entry: NewEntry,
) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let now = column::from_instant(session.now);
        let row = ActiveModel {
            hash: Set(session.hash),
            user_id: Set(session.user),
            csrf: Set(session.csrf),
            created_at: Set(now),
            seen_at: Set(now),
            expires_at: Set(now + LIMIT.unsigned_abs()),
        };
        Entity::insert(row).exec_without_returning(&transaction).await?;
        users::Entity::update_many()
            .col_expr(users::Column::SignedInAt, Expr::value(now))
            .filter(users::Column::Id.eq(session.user))
            .exec(&transaction)
            .await?;
        let too_many: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Hash)
            .filter(Column::UserId.eq(session.user))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::SeenAt)
            .offset(MOST_OF_USER)
            .limit(MOST_OF_USER)
            .into_tuple()
            .all(&transaction)
            .await?;
        Entity::delete_many().filter(Column::Hash.is_in(too_many)).exec(&transaction).await?;
        audit::insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// The session with this hash, if it goes on.
pub async fn find(
    db: &Database,
    hash: &str,
    now: Timestamp,
) -> Result<Option<SessionRecord>, RecordsError> {
    let hash = hash.to_owned();
    db.read(move |db| async move {
        let Some(row) = Entity::find_by_id(hash).one(&db).await? else { return Ok(None) };
        if !goes_on(&row, now) {
            return Ok(None);
        }
        let Some(user) = users::Entity::find_by_id(row.user_id).one(&db).await? else {
            return Ok(None);
        };
        Ok(Some(SessionRecord {
            user: with_businesses(&db, user).await?,
            csrf: row.csrf,
            created_at: column::instant("sessions.created_at", row.created_at)?,
            seen_at: column::instant("sessions.seen_at", row.seen_at)?,
        }))
    })
    .await
}

fn goes_on(row: &Model, now: Timestamp) -> bool {
    let now = column::from_instant(now);
    now < row.expires_at && now < row.seen_at + IDLE_LIMIT.unsigned_abs()
}

/// Notes that a session was used, if that was not noted within the last minute.
pub async fn touch(
    db: &Database,
    hash: &str,
    session: &SessionRecord,
    now: Timestamp,
) -> Result<(), RecordsError> {
    if now < session.seen_at + TOUCHED_EVERY {
        return Ok(());
    }
    let hash = hash.to_owned();
    db.write(move |db| async move {
        Entity::update_many()
            .col_expr(Column::SeenAt, Expr::value(column::from_instant(now)))
            .filter(Column::Hash.eq(hash))
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// Ends a session.
pub async fn end(db: &Database, hash: &str, entry: NewEntry) -> Result<(), RecordsError> {
    let hash = hash.to_owned();
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let gone = Entity::delete_by_id(hash).exec(&transaction).await?;
        if gone.rows_affected > 0 {
            audit::insert(&transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Ends all sessions of a user. Returns how many there were.
pub async fn end_of_user(db: &Database, user: Uuid) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let theirs = Entity::delete_many().filter(Column::UserId.eq(user));
        Ok(theirs.exec(&db).await?.rows_affected)
    })
    .await
}

/// Deletes sessions and links that hold no longer. Returns how many there were.
pub async fn delete_old(db: &Database, now: Timestamp) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let now = column::from_instant(now);
        let over =
            Column::ExpiresAt.lte(now).or(Column::SeenAt.lte(now - IDLE_LIMIT.unsigned_abs()));
        let sessions = Entity::delete_many().filter(over).exec(&db).await?.rows_affected;
        let links = one_time_links::Entity::delete_many();
        let links = links.filter(one_time_links::Column::ExpiresAt.lte(now)).exec(&db).await?;
        Ok(sessions + links.rows_affected)
    })
    .await
}
