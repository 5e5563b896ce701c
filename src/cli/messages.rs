//! `frontdesk messages`: lists written conversations, shows one, answers by hand, and marks as seen to.

pub(super) mod refused;

use std::io::Write;

use clap::Subcommand;
use entities::businesses;
use entities::conversations::{self, ByHand, ConversationRecord};
use entities::messages::{self, MessageDirection, MessageId, MessageRecord};
use entities::{Database, RecordsError};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use protocol::texting::{MOST_BY_HAND, one_message, window_is_open};

use super::database;
use super::error::CliError;
use super::exit::Exit;
use super::list_options::{Owned, Owner, or_dash, or_empty, owners};
use super::listing::{Column, Format, Layout};
use super::stored::StoredError;
use crate::config::Config;
use crate::http::shown::Conversation;
use crate::platform::Platform;
use crate::table::one_line;
use refused::MessagesError;

/// Messages of a conversation that are shown.
const MAX_SHOWN: u32 = 200;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// List a business's conversations, the one that moved last first.
    ///
    /// Times are those of the business's clock; in CSV and JSON, UTC.
    List {
        /// The business's slug.
        business: Slug,
        /// Only those that need a person.
        #[arg(long)]
        needs_person: bool,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Show the newest messages with one person. Times are those of the business's clock.
    Show {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567.
        person: PhoneNumber,
    },
    /// Answer a person by hand, within 24 h of their last message.
    ///
    /// A running daemon sends it within 30 s, or after the person's call.
    Answer {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567.
        person: PhoneNumber,
        /// The whole text, at most 1,600 characters.
        text: String,
    },
    /// Mark a conversation as seen to: it needs no person until the next reason.
    Handled {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567.
        person: PhoneNumber,
    },
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
    let text = match command {
        Command::List { business, needs_person, limit, format } => {
            let business = find(db, &business).await?;
            let page = conversations::list(db, business, needs_person, None, limit).await?;
            let now = platform.clock.wall();
            let owner = owner(db, business).await?;
            let own = |row| Owned { owner: owner.clone(), row };
            let rows = page.items.into_iter().map(own).collect();
            LAYOUT.print(format, rows, |row| Conversation::of(row.row, now), out)?;
            return Ok(Exit::Clean);
        }
        Command::Show { business, person } => {
            let business = find(db, &business).await?;
            show(db, &owner(db, business).await?, business, &person).await?
        }
        Command::Answer { business, person, text } => {
            answer(db, platform, (business, person), &text).await?
        }
        Command::Handled { business, person } => {
            let id = find(db, &business).await?;
            let known = conversation(db, id, (&business, &person)).await?;
            conversations::mark_handled(db, id, known.id).await?;
            format!("{person} needs nobody any more\n")
        }
    };
    out.write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

pub(super) async fn find(db: &Database, slug: &Slug) -> Result<BusinessId, StoredError> {
    let found = businesses::find_by_slug(db, slug).await?;
    found.map(|business| business.id).ok_or_else(|| StoredError::Unknown(slug.clone()))
}

async fn owner(db: &Database, business: BusinessId) -> Result<Owner, StoredError> {
    owners(db).await?.remove(&business).ok_or(StoredError::Gone)
}

/// The conversation of a person who has written to the business.
async fn conversation(
    db: &Database,
    business: BusinessId,
    (slug, person): (&Slug, &PhoneNumber),
) -> Result<ConversationRecord, CliError> {
    let known = conversations::of_person(db, business, person).await?;
    Ok(known.ok_or_else(|| MessagesError::Unknown(person.clone(), slug.clone()))?)
}

/// Stores the message as the API does. The running daemon finds it.
async fn answer(
    db: &Database,
    platform: &Platform,
    (slug, person): (Slug, PhoneNumber),
    text: &str,
) -> Result<String, CliError> {
    let body = one_message(text).map_err(MessagesError::from)?;
    let business = businesses::find_by_slug(db, &slug).await?;
    let business = business.ok_or_else(|| StoredError::Unknown(slug.clone()))?;
    let settings = BusinessSettings::from_json(business.settings)
        .map_err(|source| StoredError::Settings { slug: slug.clone(), source })?;
    if settings.whatsapp_number.is_none() {
        return Err(MessagesError::NoSender(slug).into());
    }
    let known = conversation(db, business.id, (&slug, &person)).await?;
    let now = platform.clock.wall();
    if !window_is_open(known.last_came_at, now) {
        return Err(MessagesError::WindowClosed.into());
    }
    let (_, waiting) = conversations::waiting(db, business.id, &person).await?;
    if waiting.len() >= MOST_BY_HAND {
        return Err(MessagesError::TooMany.into());
    }
    let message = ByHand { id: MessageId(platform.chance.new_id(now)), body };
    conversations::write_by_hand(db, business.id, known.id, message, now).await?;
    Ok("a running daemon sends it within 30 s, or after the person's call\n".to_owned())
}

type Row = Owned<ConversationRecord>;

const LAYOUT: Layout<Row> = Layout {
    table: &[
        Column("PERSON", |one: &Row| one.row.person.to_string()),
        Column("MOVED", |one: &Row| one.owner.local(one.row.active_at)),
        Column("STATE", |one: &Row| state(&one.row)),
        Column("NOTES", |one: &Row| one_line(&or_dash(one.row.notes.as_ref()))),
    ],
    csv: &[
        Column("person", |one: &Row| one.row.person.to_string()),
        Column("active_at", |one: &Row| one.row.active_at.to_string()),
        Column("state", |one: &Row| state(&one.row)),
        Column("notes", |one: &Row| or_empty(one.row.notes.as_ref())),
    ],
    none: "no conversations",
};

fn state(conversation: &ConversationRecord) -> String {
    match (&conversation.needs_person, conversation.closed_at) {
        (Some(why), _) => format!("needs a person: {why}"),
        (None, Some(_)) => "closed".to_owned(),
        (None, None) => "open".to_owned(),
    }
}

async fn show(
    db: &Database,
    owner: &Owner,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<String, RecordsError> {
    let found = messages::conversation(db, business, person, MAX_SHOWN).await?;
    if found.is_empty() {
        return Ok("no messages with this person\n".to_owned());
    }
    Ok(found.iter().map(|message| line(owner, message)).collect())
}

fn line(owner: &Owner, message: &MessageRecord) -> String {
    let at = owner.written(message.created_at, "%Y-%m-%d %H:%M:%S");
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

#[cfg(test)]
mod tests;
