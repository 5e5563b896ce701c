//! `frontdesk leads`: lists leads, shows one, gives out what is stored of a person, and erases it (LEAD-5).

mod listing;

use std::io::Write;

use clap::Subcommand;
use entities::leads::{LeadFilter, LeadStatus};
use entities::privacy::{self, AskedBy, Outcome};
use entities::{Database, Iterable, RecordsError};
use protocol::ids::{PhoneNumber, Slug};

use super::error::CliError;
use super::exit::Exit;
use super::list_options::{ListOptions, one_of, owners};
use super::person::Person;
use super::stored::StoredError;
use super::{database, messages};
use crate::config::Config;
use crate::person_keeper::{self, PersonKeeper};
use crate::platform::Platform;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// List leads, the newest first contact first.
    ///
    /// Times are those of the business's clock; in CSV and JSON, UTC.
    List {
        #[command(flatten)]
        options: ListOptions,
        /// Only the person with this number, in E.164, as in +972501234567.
        #[arg(long)]
        phone: Option<PhoneNumber>,
        /// Only leads with this status.
        #[arg(long, value_parser = one_of(LeadStatus::iter()))]
        status: Option<LeadStatus>,
    },
    /// Show a lead, with the person's calls and coming appointments.
    Show {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567, or the id of their lead.
        person: Person,
        /// Print JSON: the lead as the API shows it.
        #[arg(long)]
        json: bool,
    },
    /// Print everything that is stored of a person, as JSON.
    Export {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567, or the id of their lead.
        person: Person,
    },
    /// Erase a person: their name, number and words. Counts stay. One who is in a call is erased at its end.
    Erase {
        /// The business's slug.
        business: Slug,
        /// The person's number in E.164, as in +972501234567, or the id of their lead.
        person: Person,
        /// Confirm it. Nothing brings the data back.
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
    let now = platform.clock.wall();
    match command {
        Command::List { options, phone, status } => {
            let wanted = LeadFilter { phone, status, ..LeadFilter::default() };
            listing::list(db, &options, wanted, now, out).await?;
        }
        Command::Show { business, person, json } => {
            let id = messages::find(db, &business).await?;
            let owner = owners(db).await?.remove(&id).ok_or(StoredError::Gone)?;
            listing::show(db, owner, (person, json), id, now, out).await?;
        }
        Command::Export { business, person } => {
            let business = messages::find(db, &business).await?;
            let found = privacy::export(db, business, person.into(), now).await;
            let found = found.map_err(unknown_person)?;
            serde_json::to_writer_pretty(&mut *out, &found).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        Command::Erase { yes: false, .. } => return Err(CliError::Unconfirmed),
        Command::Erase { business, person, yes: true } => {
            let business = messages::find(db, &business).await?;
            let keeper = PersonKeeper::open(&config.server, true, &platform.chance)?;
            let key = keeper.key();
            if privacy::knows_another_key(db, key).await? {
                return Err(CliError::OtherPersonKey);
            }
            let (by, id) = (AskedBy::Command, platform.chance.new_id(now));
            let asked = privacy::ask(db, key, business, person.into(), by, id, now).await;
            let asked = asked.map_err(unknown_person)?;
            match person_keeper::carry_out(db, key, asked, now).await? {
                Outcome::Done(erased) => writeln!(
                    out,
                    "erased: {} leads, {} calls with {} turns, {} messages; {} coming appointments are \
                     cancelled\nA running daemon removes what its own files have of the person within a minute.",
                    erased.leads, erased.calls, erased.turns, erased.messages, erased.cancelled
                )?,
                Outcome::Waits | Outcome::OtherKey => writeln!(
                    out,
                    "the person is in a call: a running daemon erases them when it is over"
                )?,
            }
            keeper.keep(db).await?;
        }
    }
    Ok(Exit::Clean)
}

fn unknown_person(error: RecordsError) -> CliError {
    if matches!(error, RecordsError::NotFound) {
        return StoredError::UnknownPerson.into();
    }
    error.into()
}
