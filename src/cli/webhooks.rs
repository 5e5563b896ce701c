//! `frontdesk webhooks`: lists events, sends dead ones again, and listens for them to try a receiver.

mod listen;
pub(super) mod refused;

use std::io::Write;
use std::net::SocketAddr;

use clap::{Subcommand, ValueEnum};
use entities::Database;
use entities::outbox::{self, OutboxFilter, OutboxRecord, OutboxState, Which};
use protocol::ids::Slug;
use protocol::webhooks::{EventKind, WebhookSecret};
use uuid::Uuid;

use super::error::CliError;
use super::exit::Exit;
use super::{database, messages};
use crate::config::Config;
use crate::outbox_view::Event;
use crate::platform::Platform;
use crate::table::table;
use refused::WebhooksError;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// List a business's events, the newest first.
    List {
        /// The business's slug.
        business: Slug,
        /// Only those in this state.
        #[arg(long)]
        state: Option<State>,
        /// Only those of this kind, such as call.ended.
        #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
        kind: Option<EventKind>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Send dead events again: one, or all of a business.
    ///
    /// A running daemon sends them within 30 s, and tries for 24 h more.
    Resend {
        /// The business's slug.
        business: Slug,
        /// The event's id, as `list` shows it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<Uuid>,
        /// All dead ones.
        #[arg(long)]
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

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::named(text).ok_or_else(|| {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        format!("expected one of {known}")
    })
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
    let db = database::open(&config.database).await?;
    let done = perform(command, &db, platform).await;
    let done = done.map_err(|error| error.explained(&config.database));
    db.close().await?;
    out.write_all(done?.as_bytes())?;
    Ok(Exit::Clean)
}

async fn perform(command: Command, db: &Database, platform: &Platform) -> Result<String, CliError> {
    match command {
        Command::List { business, state, kind, limit, json } => {
            let business = messages::find(db, &business).await?;
            let filter = OutboxFilter { state: state.map(OutboxState::from), kind };
            let page = outbox::list(db, business, filter, None, limit).await?;
            if json {
                let events: Vec<_> = page.items.into_iter().map(Event::from).collect();
                return Ok(format!("{:#}\n", serde_json::json!(events)));
            }
            Ok(listed(&page.items))
        }
        Command::Resend { business: slug, id, all: _ } => {
            let business = messages::find(db, &slug).await?;
            let (which, now) = (id.map_or(Which::All, Which::One), platform.clock.wall());
            match (outbox::resend(db, business, which, now).await?, id) {
                (0, Some(id)) => Err(WebhooksError::NotDead(id, slug).into()),
                (0, None) => Ok("no event is dead\n".to_owned()),
                (1, _) => Ok("1 event is sent again by a running daemon, within 30 s\n".to_owned()),
                (count, _) => {
                    Ok(format!("{count} events are sent again by a running daemon, within 30 s\n"))
                }
            }
        }
        Command::Listen { .. } => Ok(String::new()),
    }
}

fn listed(events: &[OutboxRecord]) -> String {
    if events.is_empty() {
        return "no events\n".to_owned();
    }
    let heading = ["WHEN", "TYPE", "TO", "STATE", "TRIES", "ID", "LAST ERROR"];
    let heading = heading.map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(heading).chain(events.iter().map(row)).collect();
    table(&rows)
}

fn row(event: &OutboxRecord) -> Vec<String> {
    let state = match event.state {
        OutboxState::Waiting => "waiting",
        OutboxState::Sent => "sent",
        OutboxState::Dead => "dead",
    };
    vec![
        event.created_at.strftime("%Y-%m-%d %H:%M").to_string(),
        event.kind.to_string(),
        event.target.as_str().to_owned(),
        state.to_owned(),
        event.tries.to_string(),
        event.id.to_string(),
        event.last_error.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

#[cfg(test)]
mod tests;
