//! The list of people who have called or written.

use console::leads::{LeadRow, LeadsPage};
use console::shell::{Place, Shell};
use entities::RecordsError;
use entities::appointments;
use entities::leads::{self, LeadAfter, LeadRecord, LeadSearch};

use super::answer;
use super::desk::Desk;
use super::form::Form;
use super::pages::{self, ROWS};
use super::persons;
use super::refused::Answer;
use super::visit::Visit;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let page = page(&desk, &visit.query, &visit.at("leads")).await?;
    let events = Some(visit.at("events/leads"));
    let shell = Shell { events, ..visit.shell(Place::Leads).await? };
    Ok(answer::page(&shell, &page))
}

async fn page(desk: &Desk<'_>, query: &Form, path: &str) -> Result<LeadsPage, RecordsError> {
    let words = query.get("q").unwrap_or_default().to_owned();
    let status = query.get("status").and_then(persons::status_of_word);
    let search = LeadSearch { words: words.clone(), status };
    let after: Option<LeadAfter> = pages::cursor(query);
    let found = leads::search(desk.db(), desk.id(), search, after, ROWS).await?;
    let ids = found.items.iter().map(|lead| lead.id).collect();
    let visits = appointments::of_leads(desk.db(), desk.id(), ids, desk.now).await?;
    let row = |lead: &LeadRecord| LeadRow {
        person: persons::of_lead(lead),
        status: persons::status(lead.status),
        last_contact: lead.updated_at,
        wants: persons::wants(lead, &desk.settings),
        next_visit: visits.get(&lead.id).and_then(|visits| visits.first()).map(|it| it.starts_at),
    };
    Ok(LeadsPage {
        search: words,
        status: status.map(persons::status),
        leads: found.items.iter().map(row).collect(),
        pager: pages::pager(path, query, found.next.as_ref()),
    })
}
