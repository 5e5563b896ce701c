//! `/api/appointments`: what is booked, and what was.

mod booking;

use entities::appointments::{self, AppointmentId, AppointmentRecord, AppointmentStatus, Listed};
use http::StatusCode;
use jiff::Timestamp;
use protocol::ids::{CallSid, LeadId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Cursor, Limit, Listing};
use super::query::{self, OfBusiness};
use super::refusal::ErrorAnswer;
use super::{Answer, Ask, Nothing, Refusal};
use crate::http::request::json;
use booking::NewAppointment;

/// An appointment.
#[derive(Debug, Serialize, ToSchema)]
struct Appointment {
    id: Uuid,
    /// With whom.
    lead_id: Uuid,
    /// The call it was booked in, if it was one.
    #[schema(value_type = Option<String>)]
    call_sid: Option<CallSid>,
    /// When it begins.
    starts_at: Timestamp,
    /// When it ends.
    ends_at: Timestamp,
    /// When the next may begin: its end and the business's buffer.
    busy_until: Timestamp,
    /// Whether it stands.
    status: AppointmentStatus,
    /// What the person wanted noted.
    notes: Option<String>,
    /// When it was booked.
    created_at: Timestamp,
}

impl From<AppointmentRecord> for Appointment {
    fn from(record: AppointmentRecord) -> Self {
        Self {
            id: record.id.0,
            lead_id: record.lead_id.0,
            call_sid: record.call_sid,
            starts_at: record.starts_at,
            ends_at: record.ends_at,
            busy_until: record.busy_until,
            status: record.status,
            notes: record.notes,
            created_at: record.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AppointmentsQuery {
    /// Whose: the business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only of this status.
    #[param(inline)]
    status: Option<AppointmentStatus>,
    /// Only of this lead.
    lead_id: Option<Uuid>,
    /// Only those that begin then or later.
    #[serde(default, deserialize_with = "query::moment")]
    from: Option<Timestamp>,
    /// Only those that begin earlier than then.
    #[serde(default, deserialize_with = "query::moment")]
    to: Option<Timestamp>,
    /// Where the list goes on: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AppointmentId>>,
    /// How many to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// A business's appointments
///
/// The last booked first.
#[utoipa::path(
    get, path = "/api/appointments", operation_id = "listAppointments", tag = "appointments",
    params(AppointmentsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Appointment>)),
)]
pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let query: AppointmentsQuery = ask.query()?;
    let business = ask.business(query.business.as_deref()).await?.id;
    let listed = Listed {
        status: query.status,
        lead: query.lead_id.map(LeadId),
        from: query.from,
        until: query.to,
    };
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.unwrap_or_default().0;
    let page = appointments::list(ask.db(), business, listed, after, limit).await?;
    Ok(json(StatusCode::OK, &Listing::<Appointment>::of(page)))
}

/// One appointment
#[utoipa::path(
    get, path = "/api/appointments/{id}", operation_id = "showAppointment", tag = "appointments",
    params(("id" = Uuid, Path, description = "The appointment"), OfBusiness),
    responses((status = 200, description = "The appointment", body = Appointment)),
)]
pub(super) async fn show(ask: Ask<'_>) -> Answer {
    let query: OfBusiness = ask.query()?;
    let id = AppointmentId(ask.id()?);
    let business = ask.business(query.business.as_deref()).await?.id;
    let found = appointments::get(ask.db(), business, id).await?;
    let found = found.ok_or_else(no_such_appointment)?;
    Ok(json(StatusCode::OK, &Appointment::from(found)))
}

/// Book an appointment
///
/// By the rules that hold in a call. Where the slot can't be had, the answer is 409 and shows what is
/// free instead.
#[utoipa::path(
    post, path = "/api/appointments", operation_id = "bookAppointment", tag = "appointments",
    request_body = NewAppointment,
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 124,
            description = "The booking's key: the same one again books nothing more"),
    ),
    responses(
        (status = 201, description = "It stands", body = Appointment),
        (status = 409, description = "The slot can't be had", body = ErrorAnswer),
    ),
)]
pub(super) async fn book(ask: Ask<'_>) -> Answer {
    ask.query::<Nothing>()?;
    let booked = booking::book(ask, ask.body()?).await?;
    Ok(json(StatusCode::CREATED, &Appointment::from(booked)))
}

/// Cancel an appointment
///
/// Cancelling again answers the same.
#[utoipa::path(
    delete, path = "/api/appointments/{id}",
    operation_id = "cancelAppointment", tag = "appointments",
    params(("id" = Uuid, Path, description = "The appointment"), OfBusiness),
    responses((status = 200, description = "It is cancelled", body = Appointment)),
)]
pub(super) async fn cancel(ask: Ask<'_>) -> Answer {
    let query: OfBusiness = ask.query()?;
    let id = AppointmentId(ask.id()?);
    let business = ask.business(query.business.as_deref()).await?;
    let cancelled = booking::cancel(ask, &business, id).await?;
    Ok(json(StatusCode::OK, &Appointment::from(cancelled)))
}

fn no_such_appointment() -> Refusal {
    Refusal::not_found("no_such_appointment", "this business has no such appointment")
}
