//! The list of leads, and one lead as text or JSON.

use std::io::Write;

use entities::Database;
use entities::appointments;
use entities::calls;
use entities::leads::{self, LeadFilter, LeadRecord};
use jiff::Timestamp;
use protocol::ids::LeadId;

use crate::cli::error::CliError;
use crate::cli::list_options::{
    ListOptions, Listed, Owned, OwnedShown, Owner, or_dash, or_empty, word,
};
use crate::cli::listing::{Column, Layout, print_json};
use crate::cli::person::Person;
use crate::cli::stored::StoredError;
use crate::http::shown::Lead;
use crate::table::one_line;
use crate::tree::end_of;

/// The calls of a person that are shown.
const NEWEST_CALLS: u32 = 20;

pub(super) async fn list(
    db: &Database,
    options: &ListOptions,
    wanted: LeadFilter,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let listed = Listed::read(db, options, now).await?;
    let filter = LeadFilter { since: listed.since, until: listed.until, ..wanted };
    let found = leads::list(db, listed.business, filter, None, options.limit).await?;
    let rows = listed.own(found.items, |lead| lead.business_id);
    Ok(LAYOUT.print(options.format, rows, Owned::shown::<Lead>, out)?)
}

type Row = Owned<LeadRecord>;

const LAYOUT: Layout<Row> = Layout {
    table: &[
        Column("FIRST CONTACT", |lead: &Row| lead.owner.local(lead.row.created_at)),
        // The id names a person whose number is not known.
        Column("PERSON", |lead: &Row| match &lead.row.phone {
            Some(phone) => phone.to_string(),
            None => lead.row.id.0.to_string(),
        }),
        Column("STATUS", |lead: &Row| match lead.row.erased_at {
            Some(_) => "erased".to_owned(),
            None => word(&lead.row.status),
        }),
        Column("BUSINESS", |lead: &Row| lead.owner.slug.to_string()),
        // Last: a terminal may reorder what follows right-to-left text.
        Column("NAME", |lead: &Row| one_line(&or_dash(lead.row.full_name.as_ref()))),
    ],
    csv: &[
        Column("id", |lead: &Row| lead.row.id.0.to_string()),
        Column("business", |lead: &Row| lead.owner.slug.to_string()),
        Column("phone", |lead: &Row| or_empty(lead.row.phone.as_ref())),
        Column("full_name", |lead: &Row| or_empty(lead.row.full_name.as_ref())),
        Column("email", |lead: &Row| or_empty(lead.row.email.as_ref())),
        Column("status", |lead: &Row| word(&lead.row.status)),
        Column("source", |lead: &Row| word(&lead.row.source)),
        // Each business has fields of its own.
        Column("fields", |lead: &Row| {
            let pairs = lead.row.fields.0.iter().map(|(name, value)| format!("{name}: {value}"));
            pairs.collect::<Vec<_>>().join("; ")
        }),
        Column("last_call_sid", |lead: &Row| or_empty(lead.row.last_call_sid.as_ref())),
        Column("created_at", |lead: &Row| lead.row.created_at.to_string()),
        Column("updated_at", |lead: &Row| lead.row.updated_at.to_string()),
    ],
    none: "no leads",
};

/// Shows a person's lead, calls and coming appointments; in JSON, the lead as the API shows it.
pub(super) async fn show(
    db: &Database,
    owner: Owner,
    (person, json): (Person, bool),
    business: protocol::ids::BusinessId,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let id = match person {
        Person::Lead(id) => Some(id),
        Person::Number(number) => leads::with_phone(db, business, &number).await?,
    };
    let lead = match id {
        Some(id) => leads::get(db, business, id).await?,
        None => None,
    };
    let lead = lead.ok_or(StoredError::UnknownPerson)?;
    if json {
        let shown = Lead::from(lead);
        print_json(out, &OwnedShown { business: owner.slug, shown })?;
        return Ok(());
    }
    let mut lines = head(&owner, &lead);
    lines.extend(history(db, &owner, business, lead.id, now).await?);
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in lines {
        writeln!(out, "{name:<width$}  {value}")?;
    }
    Ok(())
}

/// A line: what it is, and its value.
type Line = (String, String);

fn head(owner: &Owner, lead: &LeadRecord) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut push = |name: &str, value: &str| lines.push((name.to_owned(), one_line(value)));
    push("lead", &lead.id.0.to_string());
    push("business", owner.slug.as_str());
    push("number", &or_dash(lead.phone.as_ref()));
    push("name", &or_dash(lead.full_name.as_ref()));
    push("email", &or_dash(lead.email.as_ref()));
    push("status", &word(&lead.status));
    push("first contact", &format!("{}, by {}", owner.local(lead.created_at), word(&lead.source)));
    if let Some(erased) = lead.erased_at {
        push("erased", &owner.local(erased));
    }
    for (name, value) in &lead.fields.0 {
        push(name, value);
    }
    lines
}

async fn history(
    db: &Database,
    owner: &Owner,
    business: protocol::ids::BusinessId,
    lead: LeadId,
    now: Timestamp,
) -> Result<Vec<Line>, CliError> {
    let mut lines = Vec::new();
    for one in appointments::of_lead_upcoming(db, business, lead, now).await? {
        let (from, until) = (owner.local(one.starts_at), owner.written(one.ends_at, "%H:%M"));
        lines.push(("booked".to_owned(), format!("{from} to {until}")));
    }
    for call in calls::of_lead(db, business, lead, NEWEST_CALLS).await? {
        let end = call.end_reason.as_deref().unwrap_or("live");
        let (at, sid) = (owner.local(call.started_at), end_of(&call.call_sid));
        lines.push(("call".to_owned(), format!("{at}  {sid}  {end}")));
    }
    Ok(lines)
}
