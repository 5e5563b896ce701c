//! `frontdesk business`: businesses in from their files, out to files again, and listed.

use std::io::Write;
use std::path::{Path, PathBuf};

use ::actors::clock::Clock;
use clap::Subcommand;
use entities::appointments::AppointmentRecord;
use entities::businesses::{self, BusinessRecord, ImportError, Imported};
use entities::leads::LeadRecord;
use entities::{DatabaseConnection, RecordsError};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use thiserror::Error;

use super::{CliError, Exit, database};
use crate::app;
use crate::config::Config;
use crate::config::business_file::{self, BusinessFileError};
use crate::table::table;

/// How many businesses are read at once.
const PAGE: u32 = 100;

/// What to do with businesses.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Make a business from its file, or bring the one of that slug up to date.
    Import {
        /// The business file.
        file: PathBuf,
    },
    /// Print a business as a file that can be imported.
    Export {
        /// The business.
        slug: Slug,
    },
    /// List all businesses.
    List,
}

/// Why nothing came of a command about businesses.
#[derive(Debug, Error)]
pub enum BusinessError {
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] BusinessFileError),
    /// The business was not stored.
    #[error("not imported: {0}")]
    Refused(#[from] ImportError),
    /// There is none of this slug.
    #[error("there is no business {0}: `frontdesk business list` shows those there are")]
    Unknown(Slug),
    /// What is stored of it was written by another version of Frontdesk.
    #[error("the stored settings of {slug} can't be read ({source}): import its file again")]
    Stored {
        /// The business.
        slug: Slug,
        /// What is wrong with them.
        source: serde_json::Error,
    },
    /// The settings can't be written as a file.
    #[error("the settings can't be written as a file: {0}")]
    Unprintable(#[from] toml::ser::Error),
    /// The database.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// A business as it is stored.
pub(super) struct Stored {
    /// Its settings, with the newest prompt in them.
    pub(super) settings: BusinessSettings,
    /// The lead of the person that was asked about.
    pub(super) lead: Option<LeadRecord>,
    /// What that person has booked.
    pub(super) appointments: Vec<AppointmentRecord>,
}

/// Performs a command about businesses.
pub(super) async fn run(
    command: Command,
    config: &Config,
    clock: &Clock,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let db = database::open(&config.database).await?;
    match command {
        Command::Import { file } => {
            let (slug, imported) = import(&db, &file, clock).await?;
            let verb = if imported.created { "created" } else { "updated" };
            writeln!(out, "{verb} {slug}, prompt version {}", imported.prompt_version)?;
        }
        Command::Export { slug } => {
            let settings = stored(&db, &slug, None, clock.wall()).await?.settings;
            let text = toml::to_string_pretty(&settings).map_err(BusinessError::from)?;
            out.write_all(text.as_bytes())?;
        }
        Command::List => out.write_all(listed(&db).await?.as_bytes())?,
    }
    Ok(Exit::Clean)
}

async fn import(
    db: &DatabaseConnection,
    file: &Path,
    clock: &Clock,
) -> Result<(Slug, Imported), BusinessError> {
    let settings = business_file::read(file)?;
    let new_id = BusinessId(clock.new_id());
    let imported = app::business::import(db, &settings, new_id, clock.wall()).await?;
    Ok((settings.slug, imported))
}

/// The business of a slug, as a call with this person would find it.
pub(super) async fn stored(
    db: &DatabaseConnection,
    slug: &Slug,
    person: Option<&PhoneNumber>,
    now: Timestamp,
) -> Result<Stored, BusinessError> {
    let unknown = || BusinessError::Unknown(slug.clone());
    let record = businesses::find_by_slug(db, slug).await?.ok_or_else(unknown)?;
    let numbers = businesses::numbers(db, record.id).await?;
    let mut settings: BusinessSettings = serde_json::from_value(record.settings.clone())
        .map_err(|source| BusinessError::Stored { slug: slug.clone(), source })?;
    // The prompt in the settings is the one that came with their import; newer ones are rows.
    let (mut lead, mut appointments) = (None, Vec::new());
    if let Some(number) = numbers.first()
        && let Some(found) = businesses::find_for_voice(db, number, person, now).await?
    {
        settings.agent.prompt = found.prompt_text;
        (lead, appointments) = (found.lead, found.appointments);
    }
    Ok(Stored { settings, lead, appointments })
}

/// All businesses, page by page, in the order of their slugs.
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

async fn listed(db: &DatabaseConnection) -> Result<String, BusinessError> {
    let businesses = all(db).await?;
    if businesses.is_empty() {
        return Ok("no businesses yet: `frontdesk business import FILE` makes one\n".to_owned());
    }
    let heading = ["SLUG", "NUMBERS", "WHATSAPP", "LANGUAGE", "TIMEZONE", "UPDATED", "NAME"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for business in businesses {
        let numbers = businesses::numbers(db, business.id).await?;
        let numbers: Vec<_> = numbers.iter().map(PhoneNumber::as_str).collect();
        let whatsapp = business.whatsapp_number.as_ref().map_or("-", PhoneNumber::as_str);
        rows.push(vec![
            business.slug.to_string(),
            numbers.join(" "),
            whatsapp.to_owned(),
            business.language,
            business.timezone,
            business.updated_at.strftime("%Y-%m-%d %H:%MZ").to_string(),
            // Last: a terminal may turn a line around from where it runs right to left.
            business.name,
        ]);
    }
    Ok(table(&rows))
}

#[cfg(test)]
mod tests;
