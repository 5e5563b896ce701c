//! Versions of a business's settings: each import and each publication that changes something makes one.

use jiff::Timestamp;
use protocol::ids::BusinessId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::settings_versions::{ActiveModel, Column, Entity, Model};

/// Versions of one business that are kept. The oldest goes when another is published.
const MOST_VERSIONS: i32 = 200;

/// A version.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    pub number: i32,
    /// With the prompt, and without the secret of webhooks.
    pub settings: Value,
    pub published_at: Timestamp,
    /// The user's name, or `import`.
    pub published_by: String,
}

/// The version that calls are answered with.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such business.
pub async fn current(db: &Database, business: BusinessId) -> Result<VersionRecord, RecordsError> {
    db.read(move |db| async move {
        newest(&db, business).await?.ok_or(RecordsError::NotFound)?.try_into()
    })
    .await
}

/// One version, if it is kept.
pub async fn get(
    db: &Database,
    business: BusinessId,
    number: i32,
) -> Result<Option<VersionRecord>, RecordsError> {
    db.read(move |db| async move {
        let found = Entity::find_by_id((business.0, number)).one(&db).await?;
        found.map(VersionRecord::try_from).transpose()
    })
    .await
}

/// A page of versions, the newest first, that begins behind `after`.
pub async fn list(
    db: &Database,
    business: BusinessId,
    after: Option<i32>,
    limit: u32,
) -> Result<Page<VersionRecord, i32>, RecordsError> {
    db.read(move |db| async move {
        let mut query = Entity::find().filter(Column::BusinessId.eq(business.0));
        if let Some(after) = after {
            query = query.filter(Column::Version.lt(after));
        }
        let query = query.order_by_desc(Column::Version).limit(rows_for(limit));
        let rows = query.all(&db).await?;
        let rows = rows.into_iter().map(VersionRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |version: &VersionRecord| version.number))
    })
    .await
}

/// Stores the settings as the next version, unless they are those of the newest one. The business's row is
/// locked. Returns the version's number.
pub(crate) async fn store(
    db: &impl ConnectionTrait,
    business: BusinessId,
    settings: Value,
    by: String,
    now: Timestamp,
) -> Result<i32, RecordsError> {
    let number = match newest(db, business).await? {
        Some(newest) if newest.settings == settings => return Ok(newest.version),
        Some(newest) => newest.version + 1,
        None => 1,
    };
    let row = ActiveModel {
        business_id: Set(business.0),
        version: Set(number),
        settings: Set(settings),
        published_at: Set(column::from_instant(now)),
        published_by: Set(by),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Entity::delete_many()
        .filter(Column::BusinessId.eq(business.0))
        .filter(Column::Version.lte(number - MOST_VERSIONS))
        .exec(db)
        .await?;
    Ok(number)
}

pub(crate) async fn newest(
    db: &impl ConnectionTrait,
    business: BusinessId,
) -> Result<Option<Model>, RecordsError> {
    let of_business = Entity::find().filter(Column::BusinessId.eq(business.0));
    Ok(of_business.order_by_desc(Column::Version).one(db).await?)
}

impl TryFrom<Model> for VersionRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            number: row.version,
            settings: row.settings,
            published_at: column::instant("settings_versions.published_at", row.published_at)?,
            published_by: row.published_by,
        })
    }
}
