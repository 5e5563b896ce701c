//! `frontdesk webhooks`: lists events, sends dead ones again, and listens for them to try a receiver.

mod listen;
pub(super) mod refused;

use std::io::Write;
use std::net::SocketAddr;

use clap::{ArgGroup, Subcommand, ValueEnum};
use entities::Database;
use entities::outbox::{self, OutboxFilter, OutboxRecord, OutboxState, Which};
use protocol::ids::{BusinessId, Slug};
use protocol::webhooks::{EventKind, WebhookSecret};
use uuid::Uuid;

use super::error::CliError;
use super::exit::Exit;
use super::id_part::{IdPart, end_of};
use super::list_options::{one_of, or_dash, or_empty, word};
use super::listing::{Column, Format, Layout};
use super::{database, messages};
use crate::config::Config;
use crate::outbox_view::Event;
use crate::platform::Platform;
use refused::WebhooksError;

/// How many dead events are read at once.
const PAGE: u32 = 200;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// List a business's events, the newest first.
    ///
    /// The table shows the state with the number of tries. --csv has whole ids, dates and causes.
    List {
        /// The business's slug.
        business: Slug,
        /// Only those in this state.
        #[arg(long)]
        state: Option<State>,
        /// Only those of this kind.
        #[arg(long = "type", value_name = "TYPE", value_parser = one_of(EventKind::ALL))]
        kind: Option<EventKind>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Send dead events again: one, or all of a business.
    ///
    /// A running daemon sends them within 30 s, and tries for 24 h more.
    #[command(group = ArgGroup::new("which").required(true))]
    Resend {
        /// The business's slug.
        business: Slug,
        /// The event's id, or the part of it that `list` shows.
        #[arg(group = "which")]
        id: Option<IdPart>,
        /// All dead ones.
        #[arg(long, group = "which")]
        all: bool,
    },
    /// Be a receiver: check signatures, and print each event, until Ctrl+C.
    ///
    /// Give the business the URL that is printed, and the daemon server.allow_private_webhooks = true.
    Listen {
        /// The secret of the business's [webhooks].
        #[arg(long, env = "FRONTDESK_WEBHOOK_SECRET", hide_env_values = true)]
        secret: WebhookSecret,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:9000")]
        on: SocketAddr,
        /// Answer the first so many requests with 500.
        #[arg(long, default_value_t = 0, value_name = "N")]
        fail: u32,
        /// Print each event as one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

/// How far an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    Waiting,
    Sent,
    Dead,
}

impl From<State> for OutboxState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Sent => Self::Sent,
            State::Dead => Self::Dead,
        }
    }
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    platform: &Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    if let Command::Listen { secret, on, fail, json } = command {
        return listen::run(listen::Options { secret, on, fail, json }, platform, out).await;
    }
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
        Command::List { business, state, kind, limit, format } => {
            let business = messages::find(db, &business).await?;
            let filter = OutboxFilter { state: state.map(OutboxState::from), kind };
            let page = outbox::list(db, business, filter, None, limit).await?;
            LAYOUT.print(format, page.items, Event::from, out)?;
        }
        Command::Resend { business: slug, id, all: _ } => {
            let business = messages::find(db, &slug).await?;
            let which = match id {
                Some(part) => Which::One(dead(db, business, slug, part).await?),
                None => Which::All,
            };
            match outbox::resend(db, business, which, platform.clock.wall(), None).await? {
                0 => writeln!(out, "no event is dead")?,
                1 => writeln!(out, "1 event is sent again by a running daemon, within 30 s")?,
                count => {
                    writeln!(
                        out,
                        "{count} events are sent again by a running daemon, within 30 s"
                    )?;
                }
            }
        }
        Command::Listen { .. } => {}
    }
    Ok(Exit::Clean)
}

/// The one dead event whose id ends so.
async fn dead(
    db: &Database,
    business: BusinessId,
    slug: Slug,
    part: IdPart,
) -> Result<Uuid, CliError> {
    let filter = OutboxFilter { state: Some(OutboxState::Dead), kind: None };
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = outbox::list(db, business, filter, after, PAGE).await?;
        ids.extend(page.items.into_iter().map(|event| event.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    ids.sort();
    Ok(part.find(ids).ok_or_else(|| WebhooksError::NotDead(part.clone(), slug))?)
}

const LAYOUT: Layout<OutboxRecord> = Layout {
    table: &[
        Column("WHEN", |event: &OutboxRecord| {
            event.created_at.strftime("%m-%d %H:%MZ").to_string()
        }),
        Column("TYPE", |event: &OutboxRecord| event.kind.to_string()),
        Column("TO", |event: &OutboxRecord| event.target.as_str().to_owned()),
        Column("STATE", |event: &OutboxRecord| match event.tries {
            0 => word(&event.state),
            tries => format!("{} {tries}", word(&event.state)),
        }),
        Column("ID", |event: &OutboxRecord| end_of(event.id)),
        Column("LAST ERROR", |event: &OutboxRecord| or_dash(event.last_error.as_ref())),
    ],
    csv: &[
        Column("id", |event: &OutboxRecord| event.id.to_string()),
        Column("type", |event: &OutboxRecord| event.kind.to_string()),
        Column("target", |event: &OutboxRecord| event.target.as_str().to_owned()),
        Column("state", |event: &OutboxRecord| word(&event.state)),
        Column("tries", |event: &OutboxRecord| event.tries.to_string()),
        Column("call_sid", |event: &OutboxRecord| or_empty(event.call_sid.as_ref())),
        Column("created_at", |event: &OutboxRecord| event.created_at.to_string()),
        Column("next_try_at", |event: &OutboxRecord| {
            or_empty((event.state == OutboxState::Waiting).then_some(event.due_at))
        }),
        Column("sent_at", |event: &OutboxRecord| or_empty(event.sent_at)),
        Column("last_error", |event: &OutboxRecord| or_empty(event.last_error.as_ref())),
    ],
    none: "no events",
};

#[cfg(test)]
mod tests;
