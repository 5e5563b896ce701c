//! `frontdesk appointments`: lists them.

use std::collections::BTreeMap;
use std::io::Write;

use clap::Subcommand;
use entities::appointments::{self, AppointmentFilter, AppointmentRecord, AppointmentStatus};
use entities::leads::{self, LeadRecord};
use entities::{Database, Iterable, RecordsError};
use protocol::ids::{LeadId, PhoneNumber};

use super::database;
use super::error::CliError;
use super::exit::Exit;
use super::list_options::{ListOptions, Listed, Owned, one_of, or_dash, or_empty, word};
use super::listing::{Column, Layout};
use crate::config::Config;
use crate::http::shown::Appointment;
use crate::platform::Platform;
use crate::table::one_line;

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// List appointments by their start, those booked last first.
    ///
    /// Times are those of the business's clock; in CSV and JSON, UTC.
    List {
        #[command(flatten)]
        options: ListOptions,
        /// Only those of the person with this number, in E.164, as in +972501234567.
        #[arg(long)]
        phone: Option<PhoneNumber>,
        /// Only those with this status.
        #[arg(long, value_parser = one_of(AppointmentStatus::iter()))]
        status: Option<AppointmentStatus>,
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
    let Command::List { options, phone, status } = command;
    let listed = Listed::read(db, &options, platform.clock.wall()).await?;
    let of_phone =
        AppointmentFilter { status, phone, from: listed.since, until: listed.until, lead: None };
    let found = appointments::list(db, listed.business, of_phone, None, options.limit).await?;
    let people = people(db, &found.items).await?;
    let rows = listed.own(found.items, |appointment| appointment.business_id);
    let with_person = |Owned { owner, row }: Owned<AppointmentRecord>| Owned {
        owner,
        row: Row { person: people.get(&row.lead_id).cloned(), appointment: row },
    };
    let rows = rows.into_iter().map(with_person).collect();
    LAYOUT.print(options.format, rows, Owned::shown::<Appointment>, out)?;
    Ok(Exit::Clean)
}

struct Row {
    appointment: AppointmentRecord,
    person: Option<LeadRecord>,
}

impl From<Row> for Appointment {
    fn from(row: Row) -> Self {
        row.appointment.into()
    }
}

/// The leads of the appointments.
async fn people(
    db: &Database,
    appointments: &[AppointmentRecord],
) -> Result<BTreeMap<LeadId, LeadRecord>, RecordsError> {
    let mut people = BTreeMap::new();
    for AppointmentRecord { business_id, lead_id, .. } in appointments {
        if !people.contains_key(lead_id)
            && let Some(lead) = leads::get(db, *business_id, *lead_id).await?
        {
            people.insert(*lead_id, lead);
        }
    }
    Ok(people)
}

type Listing = Owned<Row>;

const LAYOUT: Layout<Listing> = Layout {
    table: &[
        Column("STARTS", |one: &Listing| one.owner.local(one.row.appointment.starts_at)),
        Column("ENDS", |one: &Listing| one.owner.written(one.row.appointment.ends_at, "%H:%M")),
        Column("STATUS", |one: &Listing| word(&one.row.appointment.status)),
        Column("PERSON", |one: &Listing| or_dash(phone(&one.row))),
        Column("BUSINESS", |one: &Listing| one.owner.slug.to_string()),
        // Last: a terminal may reorder what follows right-to-left text.
        Column("NAME", |one: &Listing| one_line(&or_dash(name(&one.row)))),
    ],
    csv: &[
        Column("id", |one: &Listing| one.row.appointment.id.0.to_string()),
        Column("business", |one: &Listing| one.owner.slug.to_string()),
        Column("starts_at", |one: &Listing| one.row.appointment.starts_at.to_string()),
        Column("ends_at", |one: &Listing| one.row.appointment.ends_at.to_string()),
        Column("status", |one: &Listing| word(&one.row.appointment.status)),
        Column("phone", |one: &Listing| or_empty(phone(&one.row))),
        Column("full_name", |one: &Listing| or_empty(name(&one.row))),
        Column("notes", |one: &Listing| or_empty(one.row.appointment.notes.as_ref())),
        Column("lead_id", |one: &Listing| one.row.appointment.lead_id.0.to_string()),
        Column("call_sid", |one: &Listing| or_empty(one.row.appointment.call_sid.as_ref())),
        Column("created_at", |one: &Listing| one.row.appointment.created_at.to_string()),
    ],
    none: "no appointments",
};

fn phone(row: &Row) -> Option<&PhoneNumber> {
    row.person.as_ref()?.phone.as_ref()
}

fn name(row: &Row) -> Option<&String> {
    row.person.as_ref()?.full_name.as_ref()
}
