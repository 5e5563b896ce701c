//! `frontdesk token`: makes, lists and revokes tokens of the API.

pub(super) mod refused;

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use entities::Database;
use entities::businesses::BusinessRecord;
use entities::tokens::{self, TokenRecord, TokenRole};
use protocol::ids::{BusinessId, Slug};
use protocol::text;
use serde_json::json;
use uuid::Uuid;

use super::error::CliError;
use super::exit::Exit;
use super::{database, messages, stored};
use crate::api_token::ApiToken;
use crate::config::Config;
use crate::platform::Platform;
use crate::table::table;
use refused::TokenError;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

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
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token: the next request with it is refused.
    Revoke {
        /// Its id, as `list` shows it.
        id: Uuid,
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
    let db = database::open(&config.database).await?;
    let done = perform(command, &db, platform).await;
    let done = done.map_err(|error| error.explained(&config.database));
    db.close().await?;
    out.write_all(done?.as_bytes())?;
    Ok(Exit::Clean)
}

async fn perform(command: Command, db: &Database, platform: &Platform) -> Result<String, CliError> {
    match command {
        Command::Add { name, role, business, json } => {
            add(db, platform, (name, role.into(), business), json).await
        }
        Command::List { json } => list(db, json).await,
        Command::Revoke { id } => {
            if !tokens::revoke(db, id).await? {
                return Err(TokenError::Unknown(id).into());
            }
            Ok("revoked\n".to_owned())
        }
    }
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

async fn list(db: &Database, json: bool) -> Result<String, CliError> {
    let (found, businesses) = (tokens::list(db).await?, stored::all(db).await?);
    let slug = |id: BusinessId| {
        let of = |business: &&BusinessRecord| business.id == id;
        businesses.iter().find(of).map_or_else(String::new, |business| business.slug.to_string())
    };
    if json {
        let rows = found.iter().map(|token| {
            json!({
                "id": token.id, "name": token.name, "role": token.role,
                "business": token.business.map(slug), "created_at": token.created_at,
            })
        });
        return Ok(format!("{:#}\n", json!(rows.collect::<Vec<_>>())));
    }
    if found.is_empty() {
        return Ok("no tokens: `frontdesk token add NAME --role ROLE` makes one\n".to_owned());
    }
    let heading = ["ID", "ROLE", "BUSINESS", "MADE", "NAME"].map(str::to_owned).to_vec();
    let rows = found.iter().map(|token| {
        let role = match token.role {
            TokenRole::Admin => "admin",
            TokenRole::Business => "business",
            TokenRole::Read => "read",
        };
        let made = token.created_at.strftime("%Y-%m-%d %H:%MZ").to_string();
        let business = token.business.map_or_else(|| "-".to_owned(), slug);
        vec![token.id.to_string(), role.to_owned(), business, made, token.name.clone()]
    });
    Ok(table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
