//! Creates or updates a business from its file, in one transaction.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder};
use thiserror::Error;

use crate::audit::{self, NewEntry};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::drafts;
use crate::error::RecordsError;
use crate::outbox::{self, ImportOutbox};
use crate::settings_versions;
use crate::tables::{business_numbers, businesses, prompts};

/// Who has published the settings of a file.
const BY_IMPORT: &str = "import";

/// A business's file.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportBusiness {
    /// The business's id if its slug is new; a UUID of version 7.
    pub new_id: BusinessId,
    /// Identifies the business.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// These replace the stored numbers.
    pub phone_numbers: Vec<PhoneNumber>,
    /// The number that it sends messages from.
    pub whatsapp_number: Option<PhoneNumber>,
    /// An IANA time zone name.
    pub timezone: String,
    /// A BCP 47 tag.
    pub language: String,
    /// How long transcripts and messages are kept; in whole seconds.
    pub retention: Duration,
    pub settings: serde_json::Value,
    pub prompt: String,
    /// Who is told of its events.
    pub outbox: ImportOutbox,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub id: BusinessId,
    /// `false` if a business with this slug was updated.
    pub created: bool,
    /// Increases only when the text changes.
    pub prompt_version: i32,
    /// Increases only when something changes.
    pub settings_version: i32,
}

/// A draft that is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The version that the draft changes.
    pub base: i32,
    /// The draft's revision.
    pub draft: i64,
    pub entry: NewEntry,
}

/// Nothing of the business was stored.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Another business has the number.
    #[error("the number {number} belongs to the business {owner}")]
    NumberTaken { number: PhoneNumber, owner: Slug },
    /// Events are signed, and there is nothing to sign them with.
    #[error(
        "webhooks.secret: is missing, and none is stored: give whsec_ and 24 to 64 random bytes in base64; \
         `echo whsec_$(openssl rand -base64 32)` makes one"
    )]
    NoWebhookSecret,
    /// Somebody has published or changed the draft meanwhile.
    #[error("the draft or the settings that it changes are not those that were looked at")]
    Moved,
    #[error("the settings could not be written as JSON")]
    Settings(#[source] serde_json::Error),
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<DbErr> for ImportError {
    fn from(error: DbErr) -> Self {
        Self::Records(error.into())
    }
}

/// Creates a business, or updates the one with this slug.
pub async fn import(
    db: &Database,
    business: ImportBusiness,
    now: Timestamp,
) -> Result<Imported, ImportError> {
    store(db, business, None, now).await
}

/// Updates a business by a draft, which is no longer one then (CON-3).
///
/// # Errors
/// [`ImportError::Moved`] if it is not the draft that was looked at.
pub async fn publish(
    db: &Database,
    business: ImportBusiness,
    publication: Publication,
    now: Timestamp,
) -> Result<Imported, ImportError> {
    store(db, business, Some(publication), now).await
}

async fn store(
    db: &Database,
    business: ImportBusiness,
    publication: Option<Publication>,
    now: Timestamp,
) -> Result<Imported, ImportError> {
    db.write(move |db| async move {
        let db = &db;
        let transaction = begin_write(db).await?;
        refuse_taken_whatsapp_number(&transaction, &business).await?;
        if publication.is_some() {
            refuse_unless_there(&transaction, &business.slug).await?;
        }
        // This also locks the row, so that imports of one business run one at a time.
        let row = businesses::Entity::insert(row(&business, now))
            .on_conflict(
                OnConflict::column(businesses::Column::Slug)
                    .update_columns([
                        businesses::Column::Name,
                        businesses::Column::WhatsappNumber,
                        businesses::Column::Timezone,
                        businesses::Column::Language,
                        businesses::Column::RetentionSecs,
                        businesses::Column::Settings,
                        businesses::Column::UpdatedAt,
                        // One that was removed is back, with what was kept of it.
                        businesses::Column::RemovedAt,
                    ])
                    .to_owned(),
            )
            .exec_with_returning(&transaction)
            .await?;
        let id = BusinessId(row.id);
        replace_numbers(&transaction, id, &business.phone_numbers).await?;
        let by = match publication {
            Some(publication) => {
                let by = publication.entry.by.name.clone();
                take_draft(&transaction, id, publication).await?;
                by
            }
            None => BY_IMPORT.to_owned(),
        };
        let settings = business.settings;
        let settings_version =
            settings_versions::store(&transaction, id, settings, by, now).await?;
        let prompt_version = store_prompt(&transaction, id, business.prompt, now).await?;
        if !outbox::store_subscriptions(&transaction, id, business.outbox).await? {
            return Err(ImportError::NoWebhookSecret);
        }
        transaction.commit().await?;
        let created = id == business.new_id;
        Ok(Imported { id, created, prompt_version, settings_version })
    })
    .await
}

/// Only an import makes a business, or brings a removed one back.
async fn refuse_unless_there(
    transaction: &DatabaseTransaction,
    slug: &Slug,
) -> Result<(), RecordsError> {
    let there = businesses::Entity::find()
        .filter(businesses::Column::Slug.eq(slug.as_str()))
        .filter(businesses::Column::RemovedAt.is_null())
        .one(transaction)
        .await?;
    there.map(|_| ()).ok_or(RecordsError::NotFound)
}

/// The draft is used up, if it and what it changes are still the same.
async fn take_draft(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    publication: Publication,
) -> Result<(), ImportError> {
    let newest = settings_versions::newest(transaction, business).await?;
    let is_same = newest.is_some_and(|newest| newest.version == publication.base);
    if !is_same || !drafts::remove(transaction, business, publication.draft).await? {
        return Err(ImportError::Moved);
    }
    Ok(audit::insert(transaction, publication.entry).await?)
}

fn row(business: &ImportBusiness, now: Timestamp) -> businesses::ActiveModel {
    let now = column::from_instant(now);
    businesses::ActiveModel {
        id: Set(business.new_id.0),
        slug: Set(business.slug.to_string()),
        name: Set(business.name.clone()),
        whatsapp_number: Set(business.whatsapp_number.as_ref().map(ToString::to_string)),
        timezone: Set(business.timezone.clone()),
        language: Set(business.language.clone()),
        retention_secs: Set(column::from_seconds(business.retention)),
        settings: Set(business.settings.clone()),
        created_at: Set(now),
        updated_at: Set(now),
        paused_at: NotSet,
        removed_at: Set(None),
    }
}

/// Checks before the insert, because the unique index cannot name the owner.
async fn refuse_taken_whatsapp_number(
    transaction: &DatabaseTransaction,
    business: &ImportBusiness,
) -> Result<(), ImportError> {
    let Some(number) = &business.whatsapp_number else { return Ok(()) };
    let owner = businesses::Entity::find()
        .filter(businesses::Column::WhatsappNumber.eq(number.as_str()))
        .filter(businesses::Column::Slug.ne(business.slug.as_str()))
        .one(transaction)
        .await?;
    match owner {
        Some(owner) => Err(number_taken(number.as_str(), &owner.slug)?),
        None => Ok(()),
    }
}

async fn replace_numbers(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    numbers: &[PhoneNumber],
) -> Result<(), ImportError> {
    let wanted = || numbers.iter().map(PhoneNumber::as_str);
    business_numbers::Entity::delete_many()
        .filter(business_numbers::Column::BusinessId.eq(business.0))
        .filter(business_numbers::Column::Number.is_not_in(wanted()))
        .exec(transaction)
        .await?;
    if numbers.is_empty() {
        return Ok(());
    }
    let rows = wanted().map(|number| business_numbers::ActiveModel {
        number: Set(number.to_owned()),
        business_id: Set(business.0),
    });
    business_numbers::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(business_numbers::Column::Number).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    // Checked after the insert, because that waits for other imports of the same numbers.
    let foreign = business_numbers::Entity::find()
        .filter(business_numbers::Column::Number.is_in(wanted()))
        .filter(business_numbers::Column::BusinessId.ne(business.0))
        .one(transaction)
        .await?;
    let Some(foreign) = foreign else { return Ok(()) };
    let owner = businesses::Entity::find_by_id(foreign.business_id)
        .one(transaction)
        .await?
        .ok_or(RecordsError::NotFound)?;
    Err(number_taken(&foreign.number, &owner.slug)?)
}

async fn store_prompt(
    transaction: &DatabaseTransaction,
    business: BusinessId,
    text: String,
    now: Timestamp,
) -> Result<i32, ImportError> {
    let newest = prompts::Entity::find()
        .filter(prompts::Column::BusinessId.eq(business.0))
        .order_by_desc(prompts::Column::Version)
        .one(transaction)
        .await?;
    let version = match newest {
        Some(newest) if newest.text == text => return Ok(newest.version),
        Some(newest) => newest.version + 1,
        None => 1,
    };
    let row = prompts::ActiveModel {
        business_id: Set(business.0),
        version: Set(version),
        text: Set(text),
        created_at: Set(column::from_instant(now)),
    };
    prompts::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(version)
}

fn number_taken(number: &str, owner: &str) -> Result<ImportError, RecordsError> {
    Ok(ImportError::NumberTaken {
        number: column::id("business_numbers.number", number)?,
        owner: column::id("businesses.slug", owner)?,
    })
}
