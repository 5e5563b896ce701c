//! `frontdesk user`: makes, lists and removes users of the console, and sets their passwords (CON-2).

pub(super) mod typed;

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};
use entities::Database;
use entities::audit::Author;
use entities::users::{self, UserRecord, UserRole};
use jiff::Timestamp;
use protocol::ids::{BusinessId, Slug};
use serde::Serialize;
use uuid::Uuid;

use super::error::CliError;
use super::exit::Exit;
use super::list_options::{or_dash, or_empty, word};
use super::listing::{Column, Format, Layout};
use super::{database, messages, stored};
use crate::accounts::{AccountError, Accounts, NewUser};
use crate::config::Config;
use crate::platform::Platform;
use typed::TypedError;

/// Characters of a password that is made: as many as nobody guesses, and few enough to be typed.
const GENERATED: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Make a user. Their password is typed, or is the first line of the standard input.
    Add {
        /// The name to sign in with.
        name: String,
        /// What they may.
        #[arg(long)]
        role: Role,
        /// A business that they may see; can be given several times. An admin sees all.
        #[arg(long, value_name = "SLUG")]
        business: Vec<Slug>,
        #[command(flatten)]
        secret: Secret,
    },
    /// List all users.
    List {
        #[command(flatten)]
        format: Format,
    },
    /// Set what a user may. Their sessions go on with the new rights.
    Rights {
        /// Their name.
        name: String,
        /// What they may.
        #[arg(long)]
        role: Role,
        /// A business that they may see; can be given several times. An admin sees all.
        #[arg(long, value_name = "SLUG")]
        business: Vec<Slug>,
    },
    /// Remove a user, and sign them out.
    Remove {
        /// Their name.
        name: String,
    },
    /// Set a user's password, and sign them out.
    Password {
        /// Their name.
        name: String,
        #[command(flatten)]
        secret: Secret,
    },
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct Secret {
    /// Make a password, and print it. It is shown this once.
    #[arg(long)]
    generate: bool,
    /// Print a link by which the user chooses a password, once and within a day.
    #[arg(long, conflicts_with = "generate")]
    link: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything, in every business.
    Admin,
    /// Everything in their businesses but what costs money or trust.
    Business,
    /// Reads in their businesses.
    Viewer,
}

impl From<Role> for UserRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Business => Self::Business,
            Role::Viewer => Self::Viewer,
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
    let place = Place { db: &db, platform, origin: origin(config) };
    let done = perform(command, &place, typed::password, out).await;
    let done = done.map_err(|error| error.explained(&config.database));
    db.close().await?;
    done.map(|()| Exit::Clean)
}

/// Where the users are, and where they sign in.
struct Place<'a> {
    db: &'a Database,
    platform: &'a Platform,
    /// The console's address: scheme, host and port. `None`: nothing shows it.
    origin: Option<String>,
}

impl Place<'_> {
    fn address(&self) -> Result<impl Fn(String) -> String, TypedError> {
        let origin = self.origin.clone().ok_or(TypedError::NoConsole)?;
        Ok(move |secret| format!("{origin}/console/sign-in?link={secret}"))
    }
}

fn origin(config: &Config) -> Option<String> {
    let admin = || config.admin.token.as_ref().map(|_| config.admin.listen);
    let listens = config.console.listen.or_else(admin)?;
    let public = config.console.public_url.as_ref();
    Some(public.map_or_else(|| format!("http://{listens}"), ToString::to_string))
}

async fn perform(
    command: Command,
    place: &Place<'_>,
    typed: impl FnOnce() -> Result<String, TypedError>,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let Place { db, platform, .. } = place;
    let accounts = Accounts::new((*db).clone(), platform.clock, platform.chance.clone());
    let made = |secret: Secret| secret.generate.then(|| generated(platform));
    match command {
        Command::Add { name, role, business, secret } => {
            let businesses = of_slugs(db, &business).await?;
            let new = NewUser { name, role: role.into(), businesses, password: None };
            Accounts::check(&new)?;
            if secret.link {
                let address = place.address()?;
                accounts.add(new.clone(), by()).await?;
                let user = find(db, &new.name).await?;
                let link = accounts.give_link(&user, by()).await?;
                return told(out, Some(address(link)));
            }
            let made = made(secret);
            let password = made.clone().map_or_else(typed, Ok)?;
            accounts.add(NewUser { password: Some(password), ..new }, by()).await?;
            told(out, made)?;
        }
        Command::List { format } => {
            let businesses = stored::all(db).await?;
            let slug = |id: &BusinessId| {
                let found = businesses.iter().find(|business| business.id == *id);
                found.map(|business| business.slug.clone())
            };
            let row = |user: UserRecord| {
                let businesses = user.businesses.iter().filter_map(slug).collect();
                Row { user, businesses }
            };
            let rows = users::list(db).await?.into_iter().map(row).collect();
            LAYOUT.print(format, rows, Shown::from, out)?;
        }
        Command::Rights { name, role, business } => {
            let (user, businesses) = (find(db, &name).await?, of_slugs(db, &business).await?);
            accounts.set_access(&user, role.into(), businesses, by()).await?;
            told(out, None)?;
        }
        Command::Remove { name } => {
            accounts.remove(&find(db, &name).await?, by()).await?;
            writeln!(out, "removed")?;
        }
        Command::Password { name, secret } => {
            let user = find(db, &name).await?;
            if secret.link {
                let address = place.address()?;
                let link = accounts.give_link(&user, by()).await?;
                return told(out, Some(address(link)));
            }
            let made = made(secret);
            let password = made.clone().map_or_else(typed, Ok)?;
            accounts.set_password(&user, password, by()).await?;
            told(out, made)?;
        }
    }
    Ok(())
}

/// What the audit log says of commands.
fn by() -> Author {
    Author { user: None, name: "frontdesk user".to_owned(), address: None }
}

fn told(out: &mut impl Write, made: Option<String>) -> Result<(), CliError> {
    Ok(writeln!(out, "{}", made.as_deref().unwrap_or("done"))?)
}

/// In groups of four, which are easier to type.
fn generated(platform: &Platform) -> String {
    let digits: Vec<char> = platform.chance.next_secret().chars().take(GENERATED).collect();
    let groups = digits.chunks(4).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

async fn find(db: &Database, name: &str) -> Result<UserRecord, CliError> {
    let found = users::find_by_name(db, name).await?;
    Ok(found.map(|(user, _)| user).ok_or_else(|| AccountError::Unknown(name.to_owned()))?)
}

async fn of_slugs(db: &Database, slugs: &[Slug]) -> Result<Vec<BusinessId>, CliError> {
    let mut found = Vec::new();
    for slug in slugs {
        let id = messages::find(db, slug).await?;
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// A user, with the slugs of the businesses that they may see.
struct Row {
    user: UserRecord,
    businesses: Vec<Slug>,
}

impl Row {
    fn slugs(&self, between: &str) -> String {
        self.businesses.iter().map(Slug::as_str).collect::<Vec<_>>().join(between)
    }
}

/// A user as JSON has them.
#[derive(Serialize)]
struct Shown {
    id: Uuid,
    name: String,
    role: UserRole,
    businesses: Vec<Slug>,
    has_password: bool,
    created_at: Timestamp,
    signed_in_at: Option<Timestamp>,
}

impl From<Row> for Shown {
    fn from(Row { user, businesses }: Row) -> Self {
        let UserRecord { id, name, role, has_password, created_at, signed_in_at, .. } = user;
        Self { id, name, role, businesses, has_password, created_at, signed_in_at }
    }
}

fn minute(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.strftime("%Y-%m-%d %H:%MZ").to_string())
}

const LAYOUT: Layout<Row> = Layout {
    table: &[
        Column("ROLE", |row: &Row| word(&row.user.role)),
        Column("SIGNED IN", |row: &Row| or_dash(minute(row.user.signed_in_at))),
        Column("NAME", |row: &Row| row.user.name.clone()),
        // Last: there can be many.
        Column("BUSINESSES", |row: &Row| match (row.user.role, row.businesses.is_empty()) {
            (UserRole::Admin, _) => "all".to_owned(),
            (UserRole::Business | UserRole::Viewer, true) => "-".to_owned(),
            (UserRole::Business | UserRole::Viewer, false) => row.slugs(", "),
        }),
    ],
    csv: &[
        Column("id", |row: &Row| row.user.id.to_string()),
        Column("name", |row: &Row| row.user.name.clone()),
        Column("role", |row: &Row| word(&row.user.role)),
        Column("businesses", |row: &Row| row.slugs(" ")),
        Column("has_password", |row: &Row| row.user.has_password.to_string()),
        Column("created_at", |row: &Row| row.user.created_at.to_string()),
        Column("signed_in_at", |row: &Row| or_empty(row.user.signed_in_at)),
    ],
    none: "no users yet: `frontdesk user add NAME --role admin` makes one",
};

#[cfg(test)]
mod tests;
