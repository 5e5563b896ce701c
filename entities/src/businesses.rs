//! Businesses, their phone numbers and their prompts.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::{business_numbers, businesses, prompts};

mod import;
mod standing;
mod voice;

pub use crate::values::Standing;
pub use import::{ImportBusiness, ImportError, Imported, Publication, import, publish};
pub use standing::{Kept, Removal, Removed, pause, remove, resume};
pub use voice::{
    CallKey, EndedCall, RunningCall, VoiceLookup, find_for_text, find_for_voice, try_find_for_voice,
};

#[derive(Debug, Clone, PartialEq)]
pub struct BusinessRecord {
    pub id: BusinessId,
    /// Its name in commands and URLs.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// The number that it sends messages from.
    pub whatsapp_number: Option<PhoneNumber>,
    /// An IANA time zone name.
    pub timezone: String,
    /// A BCP 47 tag.
    pub language: String,
    /// How long transcripts and messages are kept (OPS-7); in whole seconds.
    pub retention: Duration,
    /// All settings as they were imported.
    pub settings: serde_json::Value,
    /// The first import.
    pub created_at: Timestamp,
    /// The last import.
    pub updated_at: Timestamp,
    pub standing: Standing,
}

pub async fn find_by_slug(
    db: &Database,
    slug: &Slug,
) -> Result<Option<BusinessRecord>, RecordsError> {
    let slug = slug.clone();
    db.read(move |db| async move {
        let db = &db;
        let filter = businesses::Column::Slug.eq(slug.as_str());
        let found = businesses::Entity::find().filter(filter).one(db).await?;
        found.map(BusinessRecord::try_from).transpose()
    })
    .await
}

pub async fn get(
    db: &Database,
    business: BusinessId,
) -> Result<Option<BusinessRecord>, RecordsError> {
    db.read(move |db| async move {
        let found = businesses::Entity::find_by_id(business.0).one(&db).await?;
        found.map(BusinessRecord::try_from).transpose()
    })
    .await
}

/// Finds the business that sends messages from a number (WA-1).
pub async fn find_by_whatsapp_number(
    db: &Database,
    number: &PhoneNumber,
) -> Result<Option<BusinessRecord>, RecordsError> {
    let number = number.clone();
    db.read(move |db| async move {
        let db = &db;
        let filter = businesses::Column::WhatsappNumber.eq(number.as_str());
        let found = businesses::Entity::find().filter(filter).one(db).await?;
        found.map(BusinessRecord::try_from).transpose()
    })
    .await
}

/// A page of all businesses, ordered by slug, that begins behind `after`.
pub async fn list(
    db: &Database,
    after: Option<&Slug>,
    limit: u32,
) -> Result<Page<BusinessRecord, Slug>, RecordsError> {
    let after = after.cloned();
    db.read(move |db| async move {
        let db = &db;
        let mut query = businesses::Entity::find();
        if let Some(after) = after {
            query = query.filter(businesses::Column::Slug.gt(after.as_str()));
        }
        let rows =
            query.order_by_asc(businesses::Column::Slug).limit(rows_for(limit)).all(db).await?;
        let rows = rows.into_iter().map(BusinessRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |business: &BusinessRecord| business.slug.clone()))
    })
    .await
}

/// A business, as lists name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessName {
    pub id: BusinessId,
    pub slug: Slug,
    /// For people.
    pub name: String,
}

/// The names of all businesses, ordered by slug.
pub async fn names(db: &Database) -> Result<Vec<BusinessName>, RecordsError> {
    use businesses::Column;
    db.read(move |db| async move {
        let rows: Vec<(Uuid, String, String)> = businesses::Entity::find()
            .select_only()
            .columns([Column::Id, Column::Slug, Column::Name])
            .order_by_asc(Column::Slug)
            .into_tuple()
            .all(&db)
            .await?;
        let named = |(id, slug, name): (Uuid, String, String)| {
            let slug = column::id("businesses.slug", &slug)?;
            Ok(BusinessName { id: BusinessId(id), slug, name })
        };
        rows.into_iter().map(named).collect()
    })
    .await
}

/// A business's phone numbers, sorted.
pub async fn numbers(
    db: &Database,
    business: BusinessId,
) -> Result<Vec<PhoneNumber>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let rows = business_numbers::Entity::find()
            .filter(business_numbers::Column::BusinessId.eq(business.0))
            .order_by_asc(business_numbers::Column::Number)
            .all(db)
            .await?;
        rows.iter().map(|row| column::id("business_numbers.number", &row.number)).collect()
    })
    .await
}

/// One version of a business's prompt.
pub async fn prompt(
    db: &Database,
    business: BusinessId,
    version: i32,
) -> Result<Option<String>, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let found = prompts::Entity::find_by_id((business.0, version)).one(db).await?;
        Ok(found.map(|prompt| prompt.text))
    })
    .await
}

impl TryFrom<businesses::Model> for BusinessRecord {
    type Error = RecordsError;

    fn try_from(row: businesses::Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: BusinessId(row.id),
            slug: column::id("businesses.slug", &row.slug)?,
            name: row.name,
            whatsapp_number: column::optional_id(
                "businesses.whatsapp_number",
                row.whatsapp_number,
            )?,
            timezone: row.timezone,
            language: row.language,
            retention: column::seconds("businesses.retention_secs", row.retention_secs)?,
            settings: row.settings,
            created_at: column::instant("businesses.created_at", row.created_at)?,
            updated_at: column::instant("businesses.updated_at", row.updated_at)?,
            standing: match (row.removed_at, row.paused_at) {
                (Some(_), _) => Standing::Removed,
                (None, Some(_)) => Standing::Paused,
                (None, None) => Standing::Answering,
            },
        })
    }
}
