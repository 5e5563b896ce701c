//! `frontdesk calls`: lists calls, shows one, and hangs one up.

pub(super) mod error;
mod show;

use std::io::Write;

use clap::Subcommand;
use entities::calls::{self, CallDirection, CallFilter, CallRecord, CallStatus};
use entities::{Database, Iterable};
use protocol::call::EndReason;
use protocol::ids::PhoneNumber;

use super::daemon::{Daemon, DaemonOptions};
use super::database;
use super::error::CliError;
use super::exit::Exit;
use super::list_options::{ListOptions, Listed, Owned, one_of, or_dash, or_empty, word};
use super::listing::{Column, Layout};
use crate::config::Config;
use crate::http::shown::Call;
use crate::platform::Platform;
use crate::tree::end_of;
use error::CallsError;
use show::show;

#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// List calls, the newest first.
    ///
    /// Times are those of the business's clock; in CSV and JSON, UTC.
    List {
        #[command(flatten)]
        options: ListOptions,
        /// Only calls with this person, in E.164, as in +972501234567.
        #[arg(long)]
        phone: Option<PhoneNumber>,
        /// Only calls that ended for this reason.
        #[arg(long, value_parser = one_of(EndReason::ALL))]
        reason: Option<EndReason>,
        /// Only calls with this status at Twilio.
        #[arg(long, value_parser = one_of(CallStatus::iter()))]
        status: Option<CallStatus>,
    },
    /// Show one call: its record, and what was said.
    Show {
        /// The call's SID, or the part of it that `calls list` shows.
        call: SidPart,
        #[command(flatten)]
        format: show::Format,
    },
    /// End a running call. It is hung up at once, without a closing line.
    Hangup {
        /// The call's SID, or the part of it that `calls list` shows.
        call: SidPart,
        #[command(flatten)]
        daemon: DaemonOptions,
    },
}

/// A part of a call's SID, long enough to tell calls apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SidPart(String);

impl std::str::FromStr for SidPart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let part = text.trim_start_matches('…');
        let is_part =
            (4..=34).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_part {
            return Ok(Self(part.to_owned()));
        }
        Err("expected a call's SID, or at least four of its characters".to_owned())
    }
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let work = |db| async move { perform(command, &db, config, platform, out).await };
    database::with_open(config, work).await
}

async fn perform(
    command: Command,
    db: &Database,
    config: &Config,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    match command {
        Command::List { options, phone, reason, status } => {
            let listed = Listed::read(db, &options, platform.clock.wall()).await?;
            let filter = CallFilter {
                since: listed.since,
                until: listed.until,
                phone,
                end_reason: reason.map(|reason| reason.as_str().to_owned()),
                status,
                is_test: None,
            };
            let found = calls::list(db, listed.business, filter, None, options.limit).await?;
            let rows = listed.own(found.items, |call| call.business_id);
            LAYOUT.print(options.format, rows, Owned::shown::<Call>, out)?;
        }
        Command::Show { call, format } => show(db, find(db, &call).await?, format, out).await?,
        Command::Hangup { call, daemon } => {
            let call = find(db, &call).await?.call_sid;
            Daemon::new(&daemon, &config.admin)?.hang_up(&call).await?;
            writeln!(out, "{call} is being hung up")?;
        }
    }
    Ok(Exit::Clean)
}

/// The one call whose SID has this part.
async fn find(db: &Database, part: &SidPart) -> Result<CallRecord, CliError> {
    let mut found = calls::with_part(db, &part.0, 2).await?;
    match (found.pop(), found.pop()) {
        (Some(call), None) => Ok(call),
        (None, _) => Err(CallsError::Unknown(part.0.clone()).into()),
        (Some(_), Some(_)) => Err(CallsError::Several(part.0.clone()).into()),
    }
}

type Row = Owned<CallRecord>;

const LAYOUT: Layout<Row> = Layout {
    table: &[
        Column("STARTED", |call: &Row| call.owner.local(call.row.started_at)),
        Column("CALL", |call: &Row| end_of(&call.row.call_sid)),
        Column("PERSON", |call: &Row| match (call.row.direction, call.row.person()) {
            (CallDirection::Inbound, None) => "withheld".to_owned(),
            (CallDirection::Inbound, person) => or_dash(person),
            (CallDirection::Outbound, person) => format!("to {}", or_dash(person)),
        }),
        Column("SECS", |call: &Row| or_dash(call.row.duration.map(|long| long.as_secs()))),
        Column("END", |call: &Row| match (&call.row.end_reason, call.row.ended_at) {
            (None, None) => "live".to_owned(),
            (reason, _) => or_dash(reason.as_ref()),
        }),
        Column("BUSINESS", |call: &Row| call.owner.slug.to_string()),
    ],
    csv: &[
        Column("call_sid", |call: &Row| call.row.call_sid.to_string()),
        Column("business", |call: &Row| call.owner.slug.to_string()),
        Column("direction", |call: &Row| word(&call.row.direction)),
        Column("status", |call: &Row| word(&call.row.status)),
        Column("person", |call: &Row| or_empty(call.row.person())),
        Column("started_at", |call: &Row| call.row.started_at.to_string()),
        Column("answered_at", |call: &Row| or_empty(call.row.answered_at)),
        Column("ended_at", |call: &Row| or_empty(call.row.ended_at)),
        Column("duration_secs", |call: &Row| {
            or_empty(call.row.duration.map(|duration| duration.as_secs()))
        }),
        Column("end_reason", |call: &Row| or_empty(call.row.end_reason.as_ref())),
        Column("ended_by", |call: &Row| or_empty(call.row.ended_by.as_ref())),
        Column("lead_id", |call: &Row| or_empty(call.row.lead_id.map(|lead| lead.0))),
    ],
    none: "no calls",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_14_a_call_is_named_by_a_part_of_its_sid() {
        let part = |text: &str| text.parse::<SidPart>().map(|part| part.0);
        assert_eq!(part("…89abcdef").unwrap(), "89abcdef");
        for wrong in ["abc", "%%%%", "_____", "CA0123456789abcdef0123456789abcdef0"] {
            assert!(part(wrong).unwrap_err().contains("at least four"), "{wrong}");
        }
    }
}
