//! Businesses as the database has them, for commands.

use entities::businesses::{self, BusinessRecord, CallKey, VoiceLookup};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::business::{BusinessSettings, SettingsError};
use protocol::ids::{PhoneNumber, Slug};
use thiserror::Error;

/// How many businesses are read at once.
const PAGE: u32 = 100;

/// Why a stored business can't be read.
#[derive(Debug, Error)]
pub enum StoredError {
    #[error("there is no business {0}: `frontdesk business list` lists them")]
    Unknown(Slug),
    #[error(
        "the business has nothing of such a person: give a number in E.164, or the id of a lead"
    )]
    UnknownPerson,
    /// Another version of Frontdesk has written the settings.
    #[error("the stored settings of {slug} can't be read ({source}): import its file again")]
    Settings { slug: Slug, source: SettingsError },
    #[error("the business was removed meanwhile")]
    Gone,
    #[error("{0} has no phone number, or was removed: import its file again")]
    NoNumber(Slug),
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Reads the settings of the business with this slug, and what a call with `person` would find.
pub(super) async fn find(
    db: &Database,
    slug: &Slug,
    person: Option<&PhoneNumber>,
    now: Timestamp,
) -> Result<(BusinessSettings, VoiceLookup), StoredError> {
    let unknown = || StoredError::Unknown(slug.clone());
    let record = businesses::find_by_slug(db, slug).await?.ok_or_else(unknown)?;
    let numbers = businesses::numbers(db, record.id).await?;
    let number = numbers.first().ok_or_else(|| StoredError::NoNumber(slug.clone()))?;
    let key = CallKey { our_number: number, their_number: person, call: None };
    let found = businesses::find_for_voice(db, key, now).await?.ok_or_else(unknown)?;
    let mut settings = BusinessSettings::from_json(record.settings)
        .map_err(|source| StoredError::Settings { slug: slug.clone(), source })?;
    // The settings hold the prompt of their import. Newer prompts are rows.
    settings.agent.prompt.clone_from(&found.prompt_text);
    Ok((settings, found))
}

/// All businesses, sorted by slug.
pub(super) async fn all(db: &Database) -> Result<Vec<BusinessRecord>, RecordsError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = businesses::list(db, after.as_ref(), PAGE).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}
