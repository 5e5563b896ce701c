//! `frontdesk messages`: lists written conversations, and shows one.

use std::io::Write;

use clap::Subcommand;
use entities::businesses;
use entities::conversations::{self, ConversationRecord};
use entities::messages::{self, MessageDirection, MessageRecord};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, PhoneNumber, Slug};

use super::database;
use super::error::CliError;
use super::exit::Exit;
use super::stored::StoredError;
use crate::config::Config;
use crate::table::table;

/// Messages of a conversation that are shown.
const MAX_SHOWN: u32 = 200;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// List a business's conversations, the one that moved last first.
    List {
        /// The business's slug.
        business: Slug,
        /// Only those that need a person.
        #[arg(long)]
        needs_person: bool,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show the newest messages with one person.
    Show {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567.
        person: PhoneNumber,
    },
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let db = database::open(&config.database).await?;
    let done = perform(command, &db, out).await;
    let done = done.map_err(|error| error.explained(&config.database));
    db.close().await?;
    done
}

async fn perform(command: Command, db: &Database, out: &mut impl Write) -> Result<Exit, CliError> {
    let text = match command {
        Command::List { business, needs_person, limit } => {
            let business = find(db, &business).await?;
            list(db, business, needs_person, limit).await?
        }
        Command::Show { business, person } => {
            let business = find(db, &business).await?;
            show(db, business, &person).await?
        }
    };
    out.write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

pub(super) async fn find(db: &Database, slug: &Slug) -> Result<BusinessId, StoredError> {
    let found = businesses::find_by_slug(db, slug).await?;
    found.map(|business| business.id).ok_or_else(|| StoredError::Unknown(slug.clone()))
}

async fn list(
    db: &Database,
    business: BusinessId,
    needs_person: bool,
    limit: u32,
) -> Result<String, RecordsError> {
    let page = conversations::list(db, business, needs_person, None, limit).await?;
    if page.items.is_empty() {
        return Ok("no conversations\n".to_owned());
    }
    let heading = ["PERSON", "MOVED", "STATE", "NOTES"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(heading).chain(page.items.iter().map(row)).collect();
    Ok(table(&rows))
}

fn row(conversation: &ConversationRecord) -> Vec<String> {
    let state = match (&conversation.needs_person, conversation.closed_at) {
        (Some(why), _) => format!("needs a person: {why}"),
        (None, Some(_)) => "closed".to_owned(),
        (None, None) => "open".to_owned(),
    };
    let notes = conversation.notes.as_deref().unwrap_or("-");
    vec![
        conversation.person.to_string(),
        conversation.active_at.strftime("%Y-%m-%d %H:%M").to_string(),
        state,
        notes.split_whitespace().collect::<Vec<_>>().join(" "),
    ]
}

async fn show(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<String, RecordsError> {
    let found = messages::conversation(db, business, person, MAX_SHOWN).await?;
    if found.is_empty() {
        return Ok("no messages with this person\n".to_owned());
    }
    Ok(found.iter().map(line).collect())
}

fn line(message: &MessageRecord) -> String {
    let at = message.created_at.strftime("%Y-%m-%d %H:%M:%S");
    let who = match message.direction {
        MessageDirection::Incoming => "<",
        MessageDirection::Outgoing => ">",
    };
    let status = serde_json::json!(message.status);
    let status = status.as_str().unwrap_or_default();
    let failed = message.error_code.map(|code| format!(" {code}")).unwrap_or_default();
    let kind = serde_json::json!(message.kind);
    let kind = kind.as_str().filter(|kind| *kind != "text");
    let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
    let body = message.body.replace('\n', "\n    ");
    format!("{at} {who} [{status}{failed}{kind}] {body}\n")
}
