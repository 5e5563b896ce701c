//! `frontdesk business`: imports businesses from files, exports and lists them, and pauses, resumes or removes one.

pub(super) mod refused;
mod standing;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use entities::businesses::{self, BusinessRecord, Imported};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use serde::Serialize;

use super::error::CliError;
use super::exit::Exit;
use super::list_options::{or_dash, or_empty, word};
use super::listing::{Column, Format, Layout};
use super::{database, stored};
use crate::app;
use crate::config::Config;
use crate::config::business_file::{self, BusinessFile};
use crate::http::shown::Business;
use crate::platform::Platform;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Create a business from its file, or update the business with that slug.
    Import {
        /// The business file, or a folder: all its files whose names end in .toml.
        file: PathBuf,
    },
    /// Print a business as a file that can be imported again.
    Export {
        /// The business's slug.
        slug: Slug,
    },
    /// List all businesses.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Let callers hear the apology, from the next call on. Written messages wait.
    Pause {
        /// The business's slug.
        slug: Slug,
    },
    /// Answer again, from the next call on.
    Resume {
        /// The business's slug.
        slug: Slug,
    },
    /// Take a business's numbers, its receiver of events and its tokens away. Its records stay.
    ///
    /// Leads, calls, appointments and messages stay until they are too old, and can be listed, given out and
    /// erased. An import of its file brings the business back. Refused while one of its calls runs.
    Remove {
        /// The business's slug.
        slug: Slug,
        /// Confirm it.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let db = match command {
        Command::Import { ref file } => {
            // A file that is refused makes no database.
            if !file.is_dir() {
                business_file::read(file)?;
            }
            database::open_or_create(&config.database).await?
        }
        Command::Export { .. }
        | Command::List { .. }
        | Command::Pause { .. }
        | Command::Resume { .. }
        | Command::Remove { .. } => database::open(&config.database).await?,
    };
    let allow_private = config.server.allow_private_webhooks;
    let work = |db| async move { perform(command, &db, allow_private, platform, out).await };
    database::with(db, config, work).await
}

async fn perform(
    command: Command,
    db: &Database,
    allow_private: bool,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    match command {
        Command::Import { file } if file.is_dir() => {
            return import_folder(db, &file, allow_private, platform, out).await;
        }
        Command::Import { file } => import(db, &file, allow_private, platform, out).await?,
        Command::Export { slug } => {
            let (settings, _) = stored::find(db, &slug, None, platform.clock.wall()).await?;
            let text = toml::to_string_pretty(&settings)?;
            out.write_all(text.as_bytes())?;
        }
        Command::List { format } => LAYOUT.print(format, rows(db).await?, Shown::from, out)?,
        Command::Pause { slug } => standing::pause(db, slug, platform, out).await?,
        Command::Resume { slug } => standing::resume(db, slug, out).await?,
        Command::Remove { slug, yes } => standing::remove(db, slug, yes, platform, out).await?,
    }
    Ok(Exit::Clean)
}

/// Imports every file. One that is refused is told, and keeps no other from being imported.
async fn import_folder(
    db: &Database,
    folder: &Path,
    allow_private: bool,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let files = business_file::in_folder(folder)?;
    let mut exit = Exit::Clean;
    for file in files {
        match import(db, &file, allow_private, platform, out).await {
            Ok(()) => {}
            Err(error @ (CliError::BusinessFile(_) | CliError::NotImported(_))) => {
                writeln!(out, "{}", error.lines())?;
                exit = Exit::Failed;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(exit)
}

async fn import(
    db: &Database,
    file: &Path,
    allow_private: bool,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let BusinessFile { settings, notices } = business_file::read(file)?;
    if !allow_private {
        business_file::refuse_inside(file, &settings)?;
    }
    for notice in notices {
        writeln!(out, "notice: {notice}")?;
    }
    let new_id = BusinessId(platform.chance.new_id(platform.clock.wall()));
    let Imported { created, prompt_version, .. } =
        app::business::import(db, &settings, new_id, platform.clock.wall()).await?;
    let verb = if created { "created" } else { "updated" };
    writeln!(out, "{verb} {}, prompt version {prompt_version}", settings.slug)?;
    Ok(())
}

/// A business with its numbers.
struct Row {
    business: BusinessRecord,
    numbers: Vec<PhoneNumber>,
}

/// As the API shows a business, and its numbers.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    business: Business,
    phone_numbers: Vec<PhoneNumber>,
    whatsapp_number: Option<PhoneNumber>,
}

impl From<Row> for Shown {
    fn from(Row { business, numbers }: Row) -> Self {
        let whatsapp_number = business.whatsapp_number.clone();
        Self { business: business.into(), phone_numbers: numbers, whatsapp_number }
    }
}

const LAYOUT: Layout<Row> = Layout {
    table: &[
        Column("SLUG", |row: &Row| row.business.slug.to_string()),
        Column("NUMBER", |row: &Row| match row.numbers.as_slice() {
            [] => "-".to_owned(),
            [one] => one.to_string(),
            [first, others @ ..] => format!("{first} and {} more", others.len()),
        }),
        Column("WHATSAPP", |row: &Row| or_dash(row.business.whatsapp_number.as_ref())),
        Column("STATE", |row: &Row| word(&row.business.standing)),
        // Last: a terminal may reorder what follows right-to-left text.
        Column("NAME", |row: &Row| row.business.name.clone()),
    ],
    csv: &[
        Column("slug", |row: &Row| row.business.slug.to_string()),
        Column("name", |row: &Row| row.business.name.clone()),
        Column("phone_numbers", |row: &Row| {
            row.numbers.iter().map(PhoneNumber::as_str).collect::<Vec<_>>().join(" ")
        }),
        Column("whatsapp_number", |row: &Row| or_empty(row.business.whatsapp_number.as_ref())),
        Column("state", |row: &Row| word(&row.business.standing)),
        Column("language", |row: &Row| row.business.language.clone()),
        Column("timezone", |row: &Row| row.business.timezone.clone()),
        Column("created_at", |row: &Row| row.business.created_at.to_string()),
        Column("updated_at", |row: &Row| row.business.updated_at.to_string()),
    ],
    none: "no businesses yet: `frontdesk business import FILE` makes one",
};

async fn rows(db: &Database) -> Result<Vec<Row>, RecordsError> {
    let mut rows = Vec::new();
    for business in stored::all(db).await? {
        let numbers = businesses::numbers(db, business.id).await?;
        rows.push(Row { business, numbers });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
