//! Businesses as the database has them, for commands.

use entities::appointments::AppointmentRecord;
use entities::businesses::{self, BusinessRecord};
use entities::leads::LeadRecord;
use entities::{DatabaseConnection, RecordsError};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{PhoneNumber, Slug};
use thiserror::Error;

/// How many businesses are read at once.
const PAGE: u32 = 100;

/// Why a stored business can't be read.
#[derive(Debug, Error)]
pub enum StoredError {
    #[error("there is no business {0}: `frontdesk business list` lists them")]
    Unknown(Slug),
    /// Another version of Frontdesk has written the settings.
    #[error("the stored settings of {slug} can't be read ({source}): import its file again")]
    Settings { slug: Slug, source: serde_json::Error },
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// What a call finds about a business and a person.
pub(super) struct Stored {
    /// The settings, with the newest prompt in them.
    pub(super) settings: BusinessSettings,
    /// The person's lead.
    pub(super) lead: Option<LeadRecord>,
    /// The person's appointments.
    pub(super) appointments: Vec<AppointmentRecord>,
}

/// Reads the business with this slug, and what it knows of `person`.
pub(super) async fn find(
    db: &DatabaseConnection,
    slug: &Slug,
    person: Option<&PhoneNumber>,
    now: Timestamp,
) -> Result<Stored, StoredError> {
    let unknown = || StoredError::Unknown(slug.clone());
    let record = businesses::find_by_slug(db, slug).await?.ok_or_else(unknown)?;
    let numbers = businesses::numbers(db, record.id).await?;
    let mut settings: BusinessSettings = serde_json::from_value(record.settings.clone())
        .map_err(|source| StoredError::Settings { slug: slug.clone(), source })?;
    // The settings hold the prompt of their import. Newer prompts are rows.
    let (mut lead, mut appointments) = (None, Vec::new());
    if let Some(number) = numbers.first()
        && let Some(found) = businesses::find_for_voice(db, number, person, now).await?
    {
        settings.agent.prompt = found.prompt_text;
        (lead, appointments) = (found.lead, found.appointments);
    }
    Ok(Stored { settings, lead, appointments })
}

/// All businesses, sorted by slug.
pub(super) async fn all(db: &DatabaseConnection) -> Result<Vec<BusinessRecord>, RecordsError> {
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
