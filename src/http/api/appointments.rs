//! `/api/appointments`: appointments, booked and cancelled.

pub(in crate::http) mod booking;

use entities::appointments::{self, AppointmentFilter, AppointmentId, AppointmentStatus};
use http::StatusCode;
use jiff::Timestamp;
use protocol::ids::{LeadId, PhoneNumber};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::error::{ApiError, ApiResult, ErrorAnswer};
use super::page::{Cursor, Limit, Listing};
use super::query::{self, BusinessQuery};
use super::request::ApiRequest;
use crate::http::response::json;
use crate::http::shown::Appointment;
use booking::{Booked, Booking, NewAppointment, NewStart};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AppointmentsQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only appointments with this status.
    #[param(inline)]
    status: Option<AppointmentStatus>,
    /// Only appointments of this lead.
    lead_id: Option<Uuid>,
    /// Only appointments of the person with this number, in E.164.
    #[param(value_type = Option<String>, example = "+972501234567")]
    #[serde(default, deserialize_with = "query::phone")]
    phone: Option<PhoneNumber>,
    /// Only appointments that begin then or later.
    #[serde(default, deserialize_with = "query::timestamp")]
    from: Option<Timestamp>,
    /// Only appointments that begin before then.
    #[serde(default, deserialize_with = "query::timestamp")]
    to: Option<Timestamp>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AppointmentId>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// A business's appointments
///
/// Newest booking first.
#[utoipa::path(
    get, path = "/api/appointments", operation_id = "listAppointments", tag = "appointments",
    params(AppointmentsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Appointment>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: AppointmentsQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?.id;
    let filter = AppointmentFilter {
        status: query.status,
        lead: query.lead_id.map(LeadId),
        phone: query.phone,
        from: query.from,
        until: query.to,
    };
    let after = query.cursor.map(|cursor| cursor.0);
    let page = appointments::list(request.db(), business, filter, after, query.limit.0).await?;
    Ok(json(StatusCode::OK, &Listing::<Appointment>::new(page)))
}

/// One appointment
#[utoipa::path(
    get, path = "/api/appointments/{id}", operation_id = "showAppointment", tag = "appointments",
    params(("id" = Uuid, Path, description = "The appointment"), BusinessQuery),
    responses((status = 200, description = "The appointment", body = Appointment)),
)]
pub(super) async fn show(request: ApiRequest<'_>) -> ApiResult {
    let id = AppointmentId(request.id()?);
    let business = request.business_in_query().await?.id;
    let found = appointments::get(request.db(), business, id).await?;
    let found = found.ok_or_else(ApiError::no_such_appointment)?;
    Ok(json(StatusCode::OK, &Appointment::from(found)))
}

/// Book an appointment
///
/// The rules are those of a call. If the slot can't be booked, the status is 409 and the body lists
/// free slots. If the lead has an appointment at that time with another length or other notes, it is 409
/// too and the error names that appointment.
#[utoipa::path(
    post, path = "/api/appointments", operation_id = "bookAppointment", tag = "appointments",
    request_body = NewAppointment,
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 124,
            description = "The booking's key. A request with the same key books nothing more"),
    ),
    responses(
        (status = 201, description = "It is booked", body = Appointment),
        (status = 200, description = "It was booked before, by the same request", body = Appointment),
        (status = 409, description = "The slot can't be booked", body = ErrorAnswer),
    ),
)]
pub(super) async fn book(request: ApiRequest<'_>) -> ApiResult {
    request.no_query()?;
    let wanted: NewAppointment = request.body()?;
    let key = booking::key(request)?;
    let business = request.business(Some(&wanted.business)).await?;
    let booking = Booking::new(&request.state.services, &business)?;
    let (status, record) = match booking.book(wanted.into(), key).await? {
        Booked::Now(record) => (StatusCode::CREATED, record),
        Booked::Before(record) => (StatusCode::OK, record),
    };
    Ok(json(status, &Appointment::from(record)))
}

/// Move an appointment
///
/// The rules are those of a call; its length stays. If the slot can't be booked, the status is 409 and the body lists
/// free slots. Moving it to where it is changes nothing.
#[utoipa::path(
    patch, path = "/api/appointments/{id}",
    operation_id = "moveAppointment", tag = "appointments",
    request_body = NewStart,
    params(("id" = Uuid, Path, description = "The appointment"), BusinessQuery),
    responses(
        (status = 200, description = "The appointment as it is now", body = Appointment),
        (status = 409, description = "The slot can't be booked", body = ErrorAnswer),
    ),
)]
pub(super) async fn reschedule(request: ApiRequest<'_>) -> ApiResult {
    let id = AppointmentId(request.id()?);
    let wanted: NewStart = request.body()?;
    let business = request.business_in_query().await?;
    let booking = Booking::new(&request.state.services, &business)?;
    let moved = booking.reschedule(id, &wanted.slot_start).await?;
    Ok(json(StatusCode::OK, &Appointment::from(moved)))
}

/// Cancel an appointment
///
/// Cancelling again has the same answer.
#[utoipa::path(
    delete, path = "/api/appointments/{id}",
    operation_id = "cancelAppointment", tag = "appointments",
    params(("id" = Uuid, Path, description = "The appointment"), BusinessQuery),
    responses((status = 200, description = "It is cancelled", body = Appointment)),
)]
pub(super) async fn cancel(request: ApiRequest<'_>) -> ApiResult {
    let id = AppointmentId(request.id()?);
    let business = request.business_in_query().await?;
    let cancelled = Booking::new(&request.state.services, &business)?.cancel(id).await?;
    Ok(json(StatusCode::OK, &Appointment::from(cancelled)))
}
