//! `frontdesk token`: makes, lists and revokes tokens of the API.

pub(super) mod refused;

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use entities::businesses::BusinessRecord;
use entities::tokens::{self, TokenRecord, TokenRole};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::ids::{BusinessId, Slug};
use protocol::text;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::error::CliError;
use super::exit::Exit;
use super::id_part::{IdPart, end_of};
use super::list_options::{or_dash, or_empty, word};
use super::listing::{Column, Format, Layout};
use super::{database, messages, stored};
use crate::api_token::ApiToken;
use crate::config::Config;
use crate::platform::Platform;
use crate::table::cut;
use refused::TokenError;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// What a table shows of a slug, in characters.
const SLUG_WIDTH: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Make a token, and print it. It is shown this once.
    Add {
        /// What it is for.
        name: String,
        /// What it may.
        #[arg(long)]
        role: Role,
        /// The business whose rows it may see. Role business needs one; role read sees all without one.
        #[arg(long, value_name = "SLUG")]
        business: Option<Slug>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List all tokens, without their secrets.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Revoke a token: the next request with it is refused.
    Revoke {
        /// Its id, or the part of it that `list` shows.
        id: IdPart,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything, as the token of the configuration.
    Admin,
    /// The API of one business.
    Business,
    /// Reads alone.
    Read,
}

impl From<Role> for TokenRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Business => Self::Business,
            Role::Read => Self::Read,
        }
    }
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let work = |db| async move { perform(command, &db, platform, out).await };
    database::with_open(config, work).await
}

async fn perform(
    command: Command,
    db: &Database,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    match command {
        Command::Add { name, role, business, json } => {
            let told = add(db, platform, (name, role.into(), business), json).await?;
            out.write_all(told.as_bytes())?;
        }
        Command::List { format } => LAYOUT.print(format, rows(db).await?, Shown::from, out)?,
        Command::Revoke { id: part } => {
            let known = tokens::list(db).await?.into_iter().map(|token| token.id);
            let unknown = || TokenError::Unknown(part.clone());
            let id = part.find(known).ok_or_else(unknown)?;
            if !tokens::revoke(db, id).await? {
                return Err(unknown().into());
            }
            writeln!(out, "revoked")?;
        }
    }
    Ok(Exit::Clean)
}

async fn add(
    db: &Database,
    platform: &Platform,
    (name, role, slug): (String, TokenRole, Option<Slug>),
    json: bool,
) -> Result<String, CliError> {
    text::check_name(&name, LONGEST_NAME).map_err(|flaw| TokenError::Name(flaw.to_string()))?;
    let business = match (role, &slug) {
        (TokenRole::Business, None) => return Err(TokenError::NoBusiness.into()),
        (TokenRole::Admin, Some(_)) => return Err(TokenError::AdminOfOne.into()),
        (_, Some(slug)) => Some(messages::find(db, slug).await?),
        (_, None) => None,
    };
    let now = platform.clock.wall();
    let token = ApiToken::new(platform.chance.new_id(now), platform.chance.new_secret());
    let record = TokenRecord { id: token.id, name, role, business, created_at: now };
    tokens::add(db, record, token.hash()).await?;
    if json {
        return Ok(format!("{:#}\n", json!({ "id": token.id, "token": token.text() })));
    }
    Ok(format!("{}\n", token.text()))
}

/// A token, with the slug of its business.
struct Row {
    token: TokenRecord,
    business: Option<Slug>,
}

/// A token, as JSON has it.
#[derive(Serialize)]
struct Shown {
    id: Uuid,
    name: String,
    role: TokenRole,
    business: Option<Slug>,
    created_at: Timestamp,
}

impl From<Row> for Shown {
    fn from(Row { token, business }: Row) -> Self {
        let TokenRecord { id, name, role, created_at, .. } = token;
        Self { id, name, role, business, created_at }
    }
}

const LAYOUT: Layout<Row> = Layout {
    table: &[
        Column("ID", |row: &Row| end_of(row.token.id)),
        Column("ROLE", |row: &Row| word(&row.token.role)),
        Column("MADE", |row: &Row| row.token.created_at.strftime("%Y-%m-%d").to_string()),
        Column("BUSINESS", |row: &Row| cut(&or_dash(row.business.as_ref()), SLUG_WIDTH)),
        Column("NAME", |row: &Row| row.token.name.clone()),
    ],
    csv: &[
        Column("id", |row: &Row| row.token.id.to_string()),
        Column("role", |row: &Row| word(&row.token.role)),
        Column("business", |row: &Row| or_empty(row.business.as_ref())),
        Column("created_at", |row: &Row| row.token.created_at.to_string()),
        Column("name", |row: &Row| row.token.name.clone()),
    ],
    none: "no tokens: `frontdesk token add NAME --role ROLE` makes one",
};

async fn rows(db: &Database) -> Result<Vec<Row>, RecordsError> {
    let (found, businesses) = (tokens::list(db).await?, stored::all(db).await?);
    let slug = |id: BusinessId| {
        let of = |business: &&BusinessRecord| business.id == id;
        businesses.iter().find(of).map(|business| business.slug.clone())
    };
    let row = |token: TokenRecord| Row { business: token.business.and_then(slug), token };
    Ok(found.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests;
