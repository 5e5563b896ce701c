//! `frontdesk business`: imports businesses from files, exports them, and lists them.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use entities::businesses::{self, Imported};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, PhoneNumber, Slug};

use super::error::CliError;
use super::exit::Exit;
use super::{database, stored};
use crate::app;
use crate::config::Config;
use crate::config::business_file::{self, BusinessFile};
use crate::platform::Platform;
use crate::table::table;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Create a business from its file, or update the business with that slug.
    Import {
        /// The business file.
        file: PathBuf,
    },
    /// Print a business as a file that can be imported again.
    Export {
        /// The business's slug.
        slug: Slug,
    },
    /// List all businesses.
    List,
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let db = match command {
        Command::Import { .. } => database::open_or_create(&config.database).await?,
        Command::Export { .. } | Command::List => database::open(&config.database).await?,
    };
    let done = perform(command, &db, platform, out).await;
    let done = done.map_err(|error| error.explained(&config.database));
    // A SQLite file is whole without its write-ahead log only after this.
    db.close().await?;
    done
}

async fn perform(
    command: Command,
    db: &Database,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    match command {
        Command::Import { file } => {
            let (slug, imported) = import(db, &file, platform, out).await?;
            let verb = if imported.created { "created" } else { "updated" };
            writeln!(out, "{verb} {slug}, prompt version {}", imported.prompt_version)?;
        }
        Command::Export { slug } => {
            let (settings, _) = stored::find(db, &slug, None, platform.clock.wall()).await?;
            let text = toml::to_string_pretty(&settings)?;
            out.write_all(text.as_bytes())?;
        }
        Command::List => out.write_all(list(db).await?.as_bytes())?,
    }
    Ok(Exit::Clean)
}

async fn import(
    db: &Database,
    file: &Path,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<(Slug, Imported), CliError> {
    let BusinessFile { settings, notices } = business_file::read(file)?;
    for notice in notices {
        writeln!(out, "notice: {notice}")?;
    }
    let new_id = BusinessId(platform.chance.new_id(platform.clock.wall()));
    let imported = app::business::import(db, &settings, new_id, platform.clock.wall()).await?;
    Ok((settings.slug, imported))
}

async fn list(db: &Database) -> Result<String, RecordsError> {
    let businesses = stored::all(db).await?;
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
            // Last: a terminal may reorder what follows right-to-left text.
            business.name,
        ]);
    }
    Ok(table(&rows))
}

#[cfg(test)]
mod tests;
