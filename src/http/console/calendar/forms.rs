//! Books, moves and cancels appointments, by the rules of a call (CON-7).

use console::calendar::{BookForm, Form as OpenForm, VisitForm};
use console::done::Done;
use console::error::Problem;
use console::refusal::Refusal;
use entities::appointments::{self, AppointmentId, AppointmentRecord};
use entities::audit::{self, About, NewEntry};
use entities::leads;
use jiff::Timestamp;
use protocol::ids::{LeadId, ToolCallId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::week::{appointment, shown};
use crate::http::api::appointments::booking::{Booked, Booking, Wanted};
use crate::http::api::error::ApiError;
use crate::http::api::leads::{check, merge};
use crate::http::console::desk::Desk;
use crate::http::console::refused::{Answer, Refused};
use crate::http::console::visit::Visit;
use crate::http::console::wrong::Wrong;

/// The form that the address asks for.
pub(super) async fn open(visit: &Visit<'_>, desk: &Desk<'_>) -> Result<Option<OpenForm>, Refused> {
    if let Some(id) = visit.query.get("visit") {
        let id = Uuid::parse_str(id).map_err(|_| Refused(Problem::NotFound))?;
        let held = find(desk, AppointmentId(id)).await?;
        let mut form = visit_form(desk, &held).await?;
        form.cancelling = visit.query.raw("cancel").is_some();
        return Ok(Some(OpenForm::Visit(form)));
    }
    let Some(start) = visit.query.raw("book") else { return Ok(None) };
    let mut form = BookForm {
        start: start.to_owned(),
        key: visit.state.operator.services.new_id().to_string(),
        ..BookForm::default()
    };
    if let Some(lead) = visit.query.get("lead") {
        let id = LeadId(Uuid::parse_str(lead).map_err(|_| Refused(Problem::NotFound))?);
        let lead = leads::get(desk.db(), desk.id(), id).await?;
        let lead = lead.ok_or_else(ApiError::no_such_lead)?;
        form.phone = lead.phone.map(|phone| phone.to_string()).unwrap_or_default();
        form.name = lead.full_name.unwrap_or_default();
    }
    Ok(Some(OpenForm::Book(form)))
}

/// Books a visit for whoever has the number.
pub(in crate::http::console) async fn book(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let text = |name| visit.form.get(name).unwrap_or_default().to_owned();
    let form = BookForm {
        start: start(&visit),
        phone: text("phone"),
        name: text("name"),
        notes: visit.form.raw("notes").unwrap_or_default().to_owned(),
        key: text("key"),
        ..BookForm::default()
    };
    let booked = match carry_out(&visit, &desk, &form).await {
        Ok(booked) => booked,
        Err(error) => {
            let wrong = Wrong::of(&error)?;
            let form = OpenForm::Book(explained(&visit, form, &wrong));
            return shown(&visit, &desk, Some(form), Some(&wrong)).await;
        }
    };
    let held = match booked {
        Booked::Now(held) => {
            note(&visit, &held, "appointment.book", None).await?;
            held
        }
        Booked::Before(held) => held,
    };
    Ok(visit.done(&path(&desk, held.starts_at), Done::Booked))
}

async fn carry_out(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    form: &BookForm,
) -> Result<Booked, ApiError> {
    let services = &visit.state.operator.services;
    let mut named = Map::new();
    if !form.name.is_empty() {
        named.insert("full_name".to_owned(), Value::from(form.name.as_str()));
    }
    // Before anything is booked.
    check(named.clone(), &desk.settings)?;
    let key = ToolCallId::parse(&format!("console/{}", form.key));
    let key = key.map_err(|_| ApiError::bad_request("bad_idempotency_key", "is no key"))?;
    let wanted = Wanted {
        phone: Some(form.phone.clone()),
        slot_start: form.start.clone(),
        notes: Some(form.notes.clone()),
        ..Wanted::default()
    };
    let booked = Booking::new(services, desk.record)?.book(wanted, Some(key)).await?;
    if !named.is_empty() {
        let (Booked::Now(held) | Booked::Before(held)) = &booked;
        merge(services, desk.record, held.lead_id, named, None).await?;
    }
    Ok(booked)
}

/// The form with what is wrong beside the field that it is about.
fn explained(visit: &Visit<'_>, form: BookForm, wrong: &Wrong) -> BookForm {
    let text = Some(wrong.text(visit));
    let form = BookForm { instead: wrong.instead.clone(), ..form };
    match wrong.field.as_deref() {
        Some("phone") => BookForm { wrong_phone: text, ..form },
        Some("full_name") => BookForm { wrong_name: text, ..form },
        _ => BookForm { wrong_start: text, ..form },
    }
}

/// Moves a visit.
pub(in crate::http::console) async fn reschedule(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let id = AppointmentId(visit.id()?);
    let held = find(&desk, id).await?;
    let wanted = start(&visit);
    let was: Option<Timestamp> = visit.form.get("was").and_then(|was| was.parse().ok());
    let moved = if was.is_some_and(|was| was != held.starts_at) {
        Err(Wrong::new(Refusal::ChangedMeanwhile))
    } else {
        let booking = Booking::new(&visit.state.operator.services, desk.record)?;
        match booking.reschedule(id, &wanted).await {
            Ok(moved) => Ok(moved),
            Err(error) => Err(Wrong::of(&error)?),
        }
    };
    let moved = match moved {
        Ok(moved) => moved,
        Err(wrong) => return again(&visit, &desk, id, Some(wanted), &wrong).await,
    };
    if moved.starts_at != held.starts_at {
        note(&visit, &moved, "appointment.move", Some(held.starts_at)).await?;
    }
    Ok(visit.done(&path(&desk, moved.starts_at), Done::Moved))
}

/// Cancels a visit.
pub(in crate::http::console) async fn cancel(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let id = AppointmentId(visit.id()?);
    let booking = Booking::new(&visit.state.operator.services, desk.record)?;
    let cancelled = match booking.cancel(id).await {
        Ok(cancelled) => cancelled,
        Err(error) => return again(&visit, &desk, id, None, &Wrong::of(&error)?).await,
    };
    note(&visit, &cancelled, "appointment.cancel", None).await?;
    Ok(visit.done(&path(&desk, cancelled.starts_at), Done::Cancelled))
}

/// The visit's form again, with what is wrong.
async fn again(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    id: AppointmentId,
    wanted: Option<String>,
    wrong: &Wrong,
) -> Answer {
    let held = find(desk, id).await?;
    let form = visit_form(desk, &held).await?;
    let form = VisitForm {
        wrong_start: wanted.is_some().then(|| wrong.text(visit)),
        start: wanted.unwrap_or_else(|| form.start.clone()),
        instead: wrong.instead.clone(),
        ..form
    };
    shown(visit, desk, Some(OpenForm::Visit(form)), Some(wrong)).await
}

async fn visit_form(desk: &Desk<'_>, held: &AppointmentRecord) -> Result<VisitForm, Refused> {
    let leads = leads::some(desk.db(), desk.id(), vec![held.lead_id]).await?;
    Ok(VisitForm {
        appointment: appointment(held, &leads),
        start: local(desk, held.starts_at),
        wrong_start: None,
        instead: Vec::new(),
        cancelling: false,
    })
}

async fn find(desk: &Desk<'_>, id: AppointmentId) -> Result<AppointmentRecord, Refused> {
    let found = appointments::get(desk.db(), desk.id(), id).await?;
    Ok(found.ok_or_else(ApiError::no_such_appointment)?)
}

/// The start that was chosen: one of those that are free instead, or the one of the field.
fn start(visit: &Visit<'_>) -> String {
    let chosen = visit.form.get("instead").or_else(|| visit.form.get("start"));
    chosen.unwrap_or_default().to_owned()
}

/// Local time, as `<input type="datetime-local">` has it.
fn local(desk: &Desk<'_>, at: Timestamp) -> String {
    at.to_zoned(desk.zone().clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The week in which something begins then.
fn path(desk: &Desk<'_>, at: Timestamp) -> String {
    format!("calendar?week={}", at.to_zoned(desk.zone().clone()).date())
}

async fn note(
    visit: &Visit<'_>,
    held: &AppointmentRecord,
    action: &'static str,
    moved_from: Option<Timestamp>,
) -> Result<(), Refused> {
    let about = About { lead: Some(held.lead_id), ..About::default() };
    let detail = json!({ "starts_at": held.starts_at, "moved_from": moved_from });
    let object = Some(held.id.0.to_string());
    let entry = NewEntry { object, detail: Some(detail), about, ..visit.entry(action) };
    Ok(audit::write(visit.db(), entry).await?)
}
