//! Booking and cancelling on the operator's word. Both go through CalendarActor's door, as a call's do,
//! so that the same rules and the same queue hold (CAL-3, CAL-4).

use std::sync::Arc;

use actors::calendar::{ToolUse, use_tool};
use entities::appointments::{self, AppointmentId, AppointmentRecord};
use entities::businesses::BusinessRecord;
use entities::leads;
use http::StatusCode;
use protocol::business::BusinessSettings;
use protocol::calendar::{self, Calendar, Done, Free, Misfit, Tool, Wish};
use protocol::call::FunctionCall;
use protocol::ids::{BusinessId, LeadId, ToolCallId};
use protocol::phone::e164;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::no_such_appointment;
use crate::http::api::leads::no_such_lead;
use crate::http::api::slots::Slot;
use crate::http::api::{Ask, Refusal, settings};

/// An appointment that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAppointment {
    /// At whose: the business's slug.
    business: String,
    /// With which lead; or `phone`.
    lead_id: Option<Uuid>,
    /// With whom: a telephone number, whose lead is found or made, even if the slot can't be had; or
    /// `lead_id`.
    phone: Option<String>,
    /// When it begins: one of the free slots. Without an offset it is the business's own time.
    #[schema(example = "2026-11-22T08:30:00+02:00")]
    slot_start: String,
    /// How many minutes it lasts; as long as the business's usually do unless given.
    #[schema(minimum = 1, maximum = 1440)]
    duration_min: Option<u32>,
    /// What the person wants noted.
    #[schema(max_length = 2000)]
    notes: Option<String>,
}

/// Books it; the same key again gives what it booked.
pub(super) async fn book(
    ask: Ask<'_>,
    wanted: NewAppointment,
) -> Result<AppointmentRecord, Refusal> {
    let key = key(ask)?;
    let business = ask.business(Some(&wanted.business)).await?;
    let desk = Desk::of(ask, &business)?;
    let arguments = json!({
        "slot_start": wanted.slot_start,
        "duration_min": wanted.duration_min,
        "notes": wanted.notes,
    });
    // What can't be read makes no lead.
    let wish = Wish::read(Tool::Create, &arguments.to_string(), &desk.calendar());
    let wish = wish.map_err(|refusal| desk.refused(&refusal, None))?;
    let lead = desk.lead(&wanted).await?;
    let booked = desk.uses(Tool::Create, lead, key, &arguments).await?;
    let record = desk.appointment(booked).await?;
    let as_wanted = matches!(wish, Wish::Create { start, .. } if start == record.starts_at);
    if !as_wanted || record.lead_id != lead {
        let message = "has booked another appointment before: take a new key";
        return Err(conflict("idempotency_key_reused", message).about(KEY));
    }
    Ok(record)
}

/// Cancels it, whosever of the business's leads it is.
pub(super) async fn cancel(
    ask: Ask<'_>,
    business: &BusinessRecord,
    appointment: AppointmentId,
) -> Result<AppointmentRecord, Refusal> {
    let desk = Desk::of(ask, business)?;
    let lead = desk.appointment(appointment).await?.lead_id;
    let arguments = json!({ "appointment_id": appointment.0 });
    let cancelled = desk.uses(Tool::Cancel, lead, new_key(ask)?, &arguments).await?;
    desk.appointment(cancelled).await
}

/// The header whose value is the booking's key.
const KEY: &str = "Idempotency-Key";

fn key(ask: Ask<'_>) -> Result<ToolCallId, Refusal> {
    let Some(given) = ask.request.headers.get(KEY) else { return new_key(ask) };
    let given = given.to_str().ok().filter(|given| !given.is_empty());
    // A call's keys begin with its SID.
    let key = given.and_then(|given| ToolCallId::parse(&format!("api/{given}")).ok());
    key.ok_or_else(|| {
        let message = "must be 1 to 124 printable characters, without spaces or quotes";
        Refusal::bad("bad_idempotency_key", message).about(KEY)
    })
}

fn new_key(ask: Ask<'_>) -> Result<ToolCallId, Refusal> {
    let key = format!("api/{}", ask.side.services.clock.new_id());
    ToolCallId::parse(&key).map_err(|wrong| Refusal::internal(&wrong.to_string()))
}

/// One business's calendar, as the operator uses it.
struct Desk<'a> {
    ask: Ask<'a>,
    business: BusinessId,
    settings: Arc<BusinessSettings>,
}

impl<'a> Desk<'a> {
    fn of(ask: Ask<'a>, business: &BusinessRecord) -> Result<Self, Refusal> {
        Ok(Self { ask, business: business.id, settings: Arc::new(settings(business)?) })
    }

    fn calendar(&self) -> Calendar<'_> {
        Calendar::of(&self.settings, self.ask.side.services.clock.wall())
    }

    async fn lead(&self, wanted: &NewAppointment) -> Result<LeadId, Refusal> {
        let (db, clock) = (self.ask.db(), self.ask.side.services.clock);
        match (wanted.lead_id.map(LeadId), &wanted.phone) {
            (Some(lead), None) => {
                let found = leads::get(db, self.business, lead).await?;
                found.map(|lead| lead.id).ok_or_else(|| no_such_lead().about("lead_id"))
            }
            (None, Some(phone)) => {
                let home = self.settings.phone_numbers.first();
                let phone = e164(phone, home).ok_or_else(|| {
                    Refusal::bad("bad_number", "is no telephone number").about("phone")
                })?;
                let (id, now) = (LeadId(clock.new_id()), clock.wall());
                let lead = leads::ensure_for_operator(db, self.business, &phone, id, now).await?;
                Ok(lead.record.id)
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "either this or `phone` says with whom";
                Err(Refusal::bad("bad_body", message).about("lead_id"))
            }
        }
    }

    /// Books or cancels, and says which.
    async fn uses(
        &self,
        tool: Tool,
        lead: LeadId,
        key: ToolCallId,
        arguments: &Value,
    ) -> Result<AppointmentId, Refusal> {
        let used = ToolUse {
            business: self.business,
            settings: Arc::clone(&self.settings),
            call_sid: None,
            lead: Some(lead),
            tool,
            call: FunctionCall {
                call: key,
                name: tool.name().to_owned(),
                arguments: arguments.to_string(),
            },
        };
        let answer = use_tool(&self.ask.side.services.calendar, used).await;
        let answer = answer.ok_or_else(|| unavailable("stopping", "the daemon is stopping"))?;
        match answer.done {
            Done::Booked(done) | Done::Cancelled(done) => Ok(AppointmentId(done.id)),
            Done::Refused(refusal, free) => Err(self.refused(&refusal, free)),
            done @ (Done::Offered { .. } | Done::WhichOf(_)) => {
                Err(Refusal::internal(&format!("the calendar has answered {done:?}")))
            }
        }
    }

    async fn appointment(&self, id: AppointmentId) -> Result<AppointmentRecord, Refusal> {
        let found = appointments::get(self.ask.db(), self.business, id).await?;
        found.ok_or_else(no_such_appointment)
    }

    fn refused(&self, refusal: &calendar::Refusal, free: Option<Free>) -> Refusal {
        use calendar::Refusal as Why;
        let code = refusal.to_string();
        match refusal {
            Why::Wrong(name) => Refusal::bad(code, "is too long").about(*name),
            Why::Missing(name) => Refusal::bad(code, "is missing").about(*name),
            Why::Date(name, why) => Refusal::bad(code, why.to_string()).about(*name),
            Why::Length => Refusal::bad(code, "must be from 1 to 1440").about("duration_min"),
            Why::Misfit(misfit) => self.no_slot(code, broken_rule(*misfit), free),
            Why::Taken => self.no_slot(code, "somebody else has it", free),
            Why::NoSuchAppointment => no_such_appointment(),
            Why::Over => conflict(code, "it is over, and can't be cancelled any more"),
            Why::Cancelled => {
                conflict(code, "what was booked with this key has been cancelled since").about(KEY)
            }
            Why::Busy => unavailable(code, "the calendar has too much to do; try again later"),
            Why::Failed | Why::TooLate => Refusal::internal("the calendar could not do it"),
            Why::Arguments
            | Why::PastDate
            | Why::FarDate { .. }
            | Why::NothingFree
            | Why::Which => Refusal::internal(&code),
        }
    }

    /// The slot can't be had, and these can.
    fn no_slot(&self, code: String, message: &str, free: Option<Free>) -> Refusal {
        let calendar = self.calendar();
        let free = free.map(|free| free.slots).unwrap_or_default();
        let free = free.iter().map(|slot| Slot::shown(slot, &calendar)).collect();
        conflict(code, message).about("slot_start").offering(free)
    }
}

fn broken_rule(misfit: Misfit) -> &'static str {
    match misfit {
        Misfit::Past => "is in the past",
        Misfit::TooSoon => "is nearer than the business's minimum notice",
        Misfit::TooFar => "is beyond the business's booking horizon",
        Misfit::Closed => "the business is closed on that day",
        Misfit::OutsideHours => "is not wholly within the hours of that day",
        Misfit::BetweenSlots => "no appointment begins then",
    }
}

fn conflict(code: impl Into<String>, message: &str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, code, message)
}

fn unavailable(code: impl Into<String>, message: &str) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
}
