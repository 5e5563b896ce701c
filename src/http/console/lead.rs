//! One person: what is known, how it became known, and what can be done with it.

mod form;

use console::call::CallEnd;
use console::done::Done;
use console::leads::{Author, Change, LeadForm, LeadPage, PastCall, PastVisit};
use console::refusal::Refusal;
use console::shell::{Place, Shell};
use entities::appointments::{self, AppointmentStatus};
use entities::audit::{self, About, NewEntry};
use entities::leads::{self, ChangedBy, HistoryEntry, LeadRecord};
use entities::privacy::{self, Outcome};
use entities::{RecordsError, calls, conversations};
use http::{HeaderValue, header};
use protocol::ids::LeadId;
use warp::reply::Response;

use super::answer;
use super::desk::Desk;
use super::persons;
use super::refused::{Answer, Refused};
use super::talk::end_reason;
use super::visit::Visit;
use super::wrong::Wrong;
use crate::http::api::error::ApiError;
use crate::http::api::leads::merge;
use crate::http::api::leads::privacy::{forget, give_out};
use form::{Asked, SaveError};

/// Changes, calls and visits that the page shows of each.
const MOST_SHOWN: u32 = 50;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    shown(&visit, None).await
}

/// Saves what the user has changed.
pub(super) async fn save(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let lead = lead(&visit, &desk).await?;
    let asked = match Asked::of(&visit.form, &lead, &desk.settings) {
        Ok(asked) => asked,
        Err(SaveError::ChangedMeanwhile(fields)) => {
            return shown(&visit, Some((fields, Wrong::new(Refusal::ChangedMeanwhile)))).await;
        }
    };
    let changed = asked.changes();
    let Asked { told, status } = asked;
    let services = &visit.state.operator.services;
    let merged = merge(services, visit.business()?, lead.id, told, status).await;
    if let Err(error) = merged {
        let wrong = Wrong::of(&error)?;
        let fields = wrong.field.clone().into_iter().collect();
        return shown(&visit, Some((fields, wrong))).await;
    }
    if !changed.is_empty() {
        let entry = NewEntry {
            detail: Some(serde_json::json!({ "fields": changed })),
            ..entry(&visit, "lead.change", lead.id)
        };
        audit::write(visit.db(), entry).await?;
    }
    Ok(visit.done(&format!("leads/{}", lead.id.0), Done::LeadSaved))
}

/// Notes that a person of the business has seen to the lead: it is not to be called back any more.
pub(super) async fn seen_to(visit: Visit<'_>) -> Answer {
    let id = LeadId(visit.id()?);
    leads::note_seen_to(visit.db(), visit.business()?.id, id, visit.now()).await?;
    audit::write(visit.db(), entry(&visit, "lead.seen_to", id)).await?;
    Ok(visit.done("today", Done::LeadSeenTo))
}

/// Everything that is stored of the person, as a file.
pub(super) async fn export(visit: Visit<'_>) -> Answer {
    let id = LeadId(visit.id()?);
    let services = &visit.state.operator.services;
    let found = give_out(services, visit.business()?.id, id).await?;
    audit::write(visit.db(), entry(&visit, "lead.export", id)).await?;
    let text = serde_json::to_vec_pretty(&found)
        .map_err(|error| ApiError::internal(&error.to_string()))?;
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = format!("attachment; filename=\"lead-{}.json\"", id.0);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Erases the person, now or after their call.
pub(super) async fn erase(visit: Visit<'_>) -> Answer {
    let id = LeadId(visit.id()?);
    let services = &visit.state.operator.services;
    // Before: the entry names nobody, and a person who was erased has no row to name.
    let entry = NewEntry { object: Some(id.0.to_string()), ..visit.entry("lead.erase") };
    let (_, outcome) = forget(services, visit.business()?.id, id).await?;
    audit::write(visit.db(), entry).await?;
    let done = match outcome {
        Outcome::Done(_) => Done::LeadErased,
        Outcome::Waits | Outcome::OtherKey => Done::ErasureWaits,
    };
    Ok(visit.done(&format!("leads/{}", id.0), done))
}

fn entry(visit: &Visit<'_>, action: &'static str, lead: LeadId) -> NewEntry {
    let about = About { lead: Some(lead), ..About::default() };
    NewEntry { object: Some(lead.0.to_string()), about, ..visit.entry(action) }
}

async fn lead(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<LeadRecord, Refused> {
    let found = leads::get(desk.db(), desk.id(), LeadId(visit.id()?)).await?;
    Ok(found.ok_or_else(ApiError::no_such_lead)?)
}

async fn shown(visit: &Visit<'_>, wrong: Option<(Vec<String>, Wrong)>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let lead = lead(visit, &desk).await?;
    let mut form = form::of(&lead, &desk.settings);
    if let Some((fields, wrong)) = &wrong {
        form::fill(&mut form, &visit.form);
        let text = wrong.text(visit);
        let known = form.fields.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>();
        let place = |name: &String| {
            if known.contains(name) { format!("fields.{name}") } else { name.clone() }
        };
        form.wrong = fields.iter().map(|name| (place(name), text.clone())).collect();
    }
    let is_erased = lead.erased_at.is_some();
    let page = page(&desk, &lead, form, visit.query.raw("erase").is_some()).await?;
    let mut shell = visit.shell(Place::Leads).await?;
    shell.notices.extend(wrong.as_ref().map(|(_, wrong)| wrong.notice(visit)));
    let events = (!is_erased).then(|| visit.at("events/leads"));
    let status = answer::status_of(wrong.is_some());
    Ok(answer::page_with(status, &Shell { events, ..shell }, &page))
}

async fn page(
    desk: &Desk<'_>,
    lead: &LeadRecord,
    form: LeadForm,
    erasing: bool,
) -> Result<LeadPage, RecordsError> {
    let (db, business) = (desk.db(), desk.id());
    let history = leads::history(db, business, lead.id, None, MOST_SHOWN).await?.items;
    let mut calls = calls::of_lead(db, business, lead.id, MOST_SHOWN).await?;
    calls.reverse();
    let visits = appointments::last_of_lead(db, business, lead.id, MOST_SHOWN).await?;
    let conversation = match &lead.phone {
        Some(phone) => conversations::of_person(db, business, phone).await?,
        None => None,
    };
    let past_call = |call: calls::CallRecord| PastCall {
        sid: call.call_sid.to_string(),
        at: call.started_at,
        duration: call.duration,
        end: end_reason(&call).map(CallEnd),
    };
    let past_visit = |it: appointments::AppointmentRecord| PastVisit {
        id: it.id.0,
        starts_at: it.starts_at,
        cancelled: it.status == AppointmentStatus::Cancelled,
    };
    Ok(LeadPage {
        person: persons::of_lead(lead),
        form,
        since: lead.created_at,
        history: history.into_iter().map(change).collect(),
        calls: calls.into_iter().map(past_call).collect(),
        visits: visits.into_iter().map(past_visit).collect(),
        conversation: conversation.map(|it| it.id.0),
        erased_at: lead.erased_at,
        erasure_waits: privacy::waits_for(db, business, lead.id).await?,
        erasing,
    })
}

fn change(entry: HistoryEntry) -> Change {
    Change {
        at: entry.at,
        by: match entry.by {
            ChangedBy::Call { call_sid } => Author::Call { sid: call_sid.to_string() },
            ChangedBy::Message => Author::Message,
            ChangedBy::Api => Author::User { name: None },
        },
        field: entry.field,
        old: entry.old,
        new: entry.new,
    }
}
