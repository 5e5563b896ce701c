//! Books, moves and cancels appointments for the operator, through CalendarActor as in a call, so that the same rules and the same queue hold (CAL-3, CAL-4).

use std::sync::Arc;
use std::time::Duration;

use actors::calendar::{ToolUse, use_tool};
use actors::call_parts::Services;
use entities::appointments::{self, AppointmentId, AppointmentRecord};
use entities::businesses::BusinessRecord;
use entities::leads;
use protocol::business::BusinessSettings;
use protocol::calendar::{
    Calendar, CalendarArguments, CalendarError, CalendarOutcome, CalendarTool, FreeSlots,
    SlotError, Unclear, Writer,
};
use protocol::call::FunctionCall;
use protocol::ids::{BusinessId, LeadId, PhoneNumber, ToolCallId};
use protocol::phone::e164;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::api::error::ApiError;
use crate::http::api::query;
use crate::http::api::request::{ApiRequest, settings};
use crate::http::api::slot::Slot;

/// The header with the booking's key.
const KEY: &str = "Idempotency-Key";

/// An appointment to book.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAppointment {
    /// The business's slug.
    pub(super) business: String,
    /// The lead; or give `phone`.
    lead_id: Option<Uuid>,
    /// The person's telephone number; or give `lead_id`. The lead with this number is found, or made
    /// with the appointment.
    phone: Option<String>,
    /// When it begins: the start of a free slot. Without an offset it is the business's local time.
    #[schema(example = "2026-11-22T08:30:00+02:00")]
    slot_start: String,
    /// The length in minutes. Default: the business's usual length.
    #[serde(default, deserialize_with = "query::minutes_of_body")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1440)]
    duration_min: Option<u64>,
    /// Notes of the person's.
    #[schema(max_length = 2000)]
    notes: Option<String>,
}

/// A new time for an appointment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStart {
    /// When it shall begin: the start of a free slot. Without an offset it is the business's local time. Its length
    /// stays.
    #[schema(example = "2026-11-22T08:30:00+02:00")]
    pub(super) slot_start: String,
}

/// The appointment that is wanted, and whose.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Wanted {
    /// The lead; or `phone`.
    pub(in crate::http) lead: Option<LeadId>,
    pub(in crate::http) phone: Option<String>,
    pub(in crate::http) slot_start: String,
    pub(in crate::http) duration_min: Option<u64>,
    pub(in crate::http) notes: Option<String>,
}

impl From<NewAppointment> for Wanted {
    fn from(new: NewAppointment) -> Self {
        let NewAppointment { business: _, lead_id, phone, slot_start, duration_min, notes } = new;
        Self { lead: lead_id.map(LeadId), phone, slot_start, duration_min, notes }
    }
}

/// The answer to a request for an appointment.
pub(in crate::http) enum Booked {
    Now(AppointmentRecord),
    /// The same request has booked it before, or another one for the same lead.
    Before(AppointmentRecord),
}

/// Checks that the appointment which was booked before is the one that is wanted.
fn same_as(
    record: &AppointmentRecord,
    lead: LeadId,
    wanted: &CalendarArguments,
) -> Result<(), ApiError> {
    let CalendarArguments::Create { start, length, notes, .. } = wanted else { return Ok(()) };
    if record.lead_id != lead || start.as_ref() != Ok(&record.starts_at) {
        let message = "has booked another appointment before: use a new key";
        let error = ApiError::conflict("idempotency_key_reused", message).at(KEY);
        return Err(error.about(record.id));
    }
    let lasts = Duration::try_from(record.ends_at.duration_since(record.starts_at));
    let field = if lasts.ok() != Some(*length) {
        "duration_min"
    } else if record.notes != *notes {
        "notes"
    } else {
        return Ok(());
    };
    let message = "is not that of the appointment which this lead has at that time: cancel it first, \
                   or leave it as it is";
    Err(ApiError::conflict("booked_otherwise", message).at(field).about(record.id))
}

/// The key that a client has given; `None` if it gave none.
pub(super) fn key(request: ApiRequest<'_>) -> Result<Option<ToolCallId>, ApiError> {
    let Some(given) = request.headers().get(KEY) else { return Ok(None) };
    let given = given.to_str().ok().filter(|given| !given.is_empty());
    // The prefix tells it from the keys of calls, which begin with a call's SID.
    let key = given.and_then(|given| ToolCallId::parse(&format!("api/{given}")).ok());
    key.map(Some).ok_or_else(|| {
        let message = "must be 1 to 124 printable characters, without spaces or quotes";
        ApiError::bad_request("bad_idempotency_key", message).at(KEY)
    })
}

/// The appointment that a tool was used on.
enum Done {
    Now(AppointmentId),
    /// It was booked before.
    Before(AppointmentId),
}

/// Whose an appointment is.
struct Person {
    lead: LeadId,
    /// Their number, if there is no such lead yet.
    newcomer: Option<PhoneNumber>,
}

/// A business's calendar, as an operator uses it.
pub(in crate::http) struct Booking<'a> {
    services: &'a Services,
    business: BusinessId,
    settings: Arc<BusinessSettings>,
}

impl<'a> Booking<'a> {
    pub(in crate::http) fn new(
        services: &'a Services,
        business: &BusinessRecord,
    ) -> Result<Self, ApiError> {
        Ok(Self { services, business: business.id, settings: Arc::new(settings(business)?) })
    }

    /// Books an appointment. If the same one is booked already, returns that.
    pub(in crate::http) async fn book(
        &self,
        wanted: Wanted,
        key: Option<ToolCallId>,
    ) -> Result<Booked, ApiError> {
        let arguments = json!({
            "slot_start": wanted.slot_start,
            "duration_min": wanted.duration_min,
            "notes": wanted.notes,
            // The operator decides how many appointments a person gets.
            "additional": true,
        });
        let checked = self.check(CalendarTool::Create, &arguments)?;
        let person = self.person(&wanted).await?;
        match self.use_tool(CalendarTool::Create, person, key, &arguments).await? {
            Done::Now(id) => Ok(Booked::Now(self.appointment(id).await?)),
            Done::Before(id) => {
                let record = self.appointment(id).await?;
                // Another request may have made the lead meanwhile.
                same_as(&record, self.person(&wanted).await?.lead, &checked)?;
                Ok(Booked::Before(record))
            }
        }
    }

    /// Moves the appointment, for whichever lead it is. Moving it to where it is changes nothing.
    pub(in crate::http) async fn reschedule(
        &self,
        appointment: AppointmentId,
        slot_start: &str,
    ) -> Result<AppointmentRecord, ApiError> {
        let lead = self.appointment(appointment).await?.lead_id;
        let arguments = json!({ "appointment_id": appointment.0, "slot_start": slot_start });
        self.check(CalendarTool::Reschedule, &arguments)?;
        let person = Person { lead, newcomer: None };
        let (Done::Now(moved) | Done::Before(moved)) =
            self.use_tool(CalendarTool::Reschedule, person, None, &arguments).await?;
        self.appointment(moved).await
    }

    /// Cancels the appointment, for whichever lead it is.
    pub(in crate::http) async fn cancel(
        &self,
        appointment: AppointmentId,
    ) -> Result<AppointmentRecord, ApiError> {
        let lead = self.appointment(appointment).await?.lead_id;
        let person = Person { lead, newcomer: None };
        let arguments = json!({ "appointment_id": appointment.0 });
        let (Done::Now(cancelled) | Done::Before(cancelled)) =
            self.use_tool(CalendarTool::Cancel, person, None, &arguments).await?;
        self.appointment(cancelled).await
    }

    fn calendar(&self) -> Calendar<'_> {
        Calendar::of(&self.settings, self.services.clock.wall())
    }

    /// Whether the calendar can read what is wanted.
    fn check(&self, tool: CalendarTool, arguments: &Value) -> Result<CalendarArguments, ApiError> {
        let text = arguments.to_string();
        let read = CalendarArguments::read(tool, &text, &self.calendar(), &Writer::Program);
        read.map_err(|error| self.api_error(&error, None))
    }

    async fn person(&self, wanted: &Wanted) -> Result<Person, ApiError> {
        let db = &self.services.database;
        match (wanted.lead, &wanted.phone) {
            (Some(lead), None) => {
                let found = leads::get(db, self.business, lead).await?;
                let lead = found.ok_or_else(|| ApiError::no_such_lead().at("lead_id"))?.id;
                Ok(Person { lead, newcomer: None })
            }
            (None, Some(phone)) => {
                let home = self.settings.phone_numbers.first();
                let phone = e164(phone, home).map_err(|flaw| {
                    ApiError::bad_request("bad_number", flaw.to_string()).at("phone")
                })?;
                Ok(match leads::with_phone(db, self.business, &phone).await? {
                    Some(lead) => Person { lead, newcomer: None },
                    None => {
                        let lead = LeadId(self.services.new_id());
                        Person { lead, newcomer: Some(phone) }
                    }
                })
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "give either this or `phone`";
                Err(ApiError::bad_request("bad_body", message).at("lead_id"))
            }
        }
    }

    /// Has CalendarActor book, move or cancel.
    async fn use_tool(
        &self,
        tool: CalendarTool,
        Person { lead, newcomer }: Person,
        key: Option<ToolCallId>,
        arguments: &Value,
    ) -> Result<Done, ApiError> {
        let used = ToolUse {
            business: self.business,
            settings: Arc::clone(&self.settings),
            call_sid: None,
            lead: Some(lead),
            newcomer,
            tool,
            writer: Writer::Program,
            call: FunctionCall {
                call: key.map_or_else(|| self.new_key(), Ok)?,
                name: tool.name().to_owned(),
                arguments: arguments.to_string(),
            },
            lease: None,
            test: None,
        };
        let answer = use_tool(&self.services.calendar, used).await;
        let answer =
            answer.ok_or_else(|| ApiError::unavailable("stopping", "the daemon is stopping"))?;
        match answer.outcome {
            CalendarOutcome::Booked(done)
            | CalendarOutcome::Cancelled(done)
            | CalendarOutcome::Moved { from: _, to: done } => Ok(Done::Now(AppointmentId(done.id))),
            CalendarOutcome::BookedBefore(done) => Ok(Done::Before(AppointmentId(done.id))),
            CalendarOutcome::Refused(error, free) => Err(self.api_error(&error, free)),
            CalendarOutcome::Mine { why: why @ CalendarError::Cancelled, .. } => {
                Err(ApiError::conflict(why.to_string(), "the appointment was cancelled"))
            }
            CalendarOutcome::Mine { why, .. } => Err(self.api_error(&why, None)),
            done @ CalendarOutcome::Offered { .. } => {
                Err(ApiError::internal(&format!("the calendar has answered {done:?}")))
            }
        }
    }

    fn new_key(&self) -> Result<ToolCallId, ApiError> {
        let key = format!("api/{}", self.services.new_id());
        ToolCallId::parse(&key).map_err(|invalid| ApiError::internal(&invalid.to_string()))
    }

    async fn appointment(&self, id: AppointmentId) -> Result<AppointmentRecord, ApiError> {
        let found = appointments::get(&self.services.database, self.business, id).await?;
        found.ok_or_else(ApiError::no_such_appointment)
    }

    fn api_error(&self, error: &CalendarError, free: Option<FreeSlots>) -> ApiError {
        let code = error.to_string();
        match error {
            CalendarError::Wrong(name) => ApiError::bad_request(code, "must be a text").at(*name),
            CalendarError::Text(name, flaw) => {
                ApiError::bad_request(code, flaw.to_string()).at(*name)
            }
            CalendarError::Missing(name) => ApiError::bad_request(code, "is missing").at(*name),
            CalendarError::Date(name, why) => {
                ApiError::bad_request(code, why.to_string()).at(*name)
            }
            CalendarError::Length => {
                ApiError::bad_request(code, query::MINUTES_EXPECTED).at("duration_min")
            }
            CalendarError::Unclear(unclear) => {
                let message = match unclear.why {
                    Unclear::Skipped => "the clocks are set forward over that time",
                    Unclear::Doubled | Unclear::Offset => {
                        "the clocks show that time twice: write its offset"
                    }
                };
                self.no_slot(code, message, free)
            }
            CalendarError::Slot(error) => self.no_slot(code, broken_rule(*error), free),
            CalendarError::Taken => self.no_slot(code, "is booked already", free),
            CalendarError::NoSuchAppointment => ApiError::no_such_appointment(),
            CalendarError::Over => {
                ApiError::conflict(code, "an appointment that is over can't be changed")
            }
            CalendarError::Cancelled => {
                let message = "the appointment that this key booked was cancelled";
                ApiError::conflict(code, message).at(KEY)
            }
            CalendarError::Busy => {
                ApiError::unavailable(code, "the calendar has too much to do; try again later")
            }
            CalendarError::Failed | CalendarError::TooLate => {
                ApiError::database_busy("the calendar could not do it")
            }
            CalendarError::Arguments
            | CalendarError::NotYesOrNo(_)
            | CalendarError::AlreadyHolds
            | CalendarError::PastDate
            | CalendarError::FarDate { .. }
            | CalendarError::NothingFree
            | CalendarError::Which => ApiError::internal(&code),
        }
    }

    /// The slot can't be booked; these can.
    fn no_slot(&self, code: String, message: &str, free: Option<FreeSlots>) -> ApiError {
        let calendar = self.calendar();
        let free = free.map(|free| free.slots).unwrap_or_default();
        let free = free.iter().map(|slot| Slot::new(slot, &calendar)).collect();
        ApiError::conflict(code, message).at("slot_start").with_slots(free)
    }
}

fn broken_rule(error: SlotError) -> &'static str {
    match error {
        SlotError::Past => "is in the past",
        SlotError::TooSoon => "is within the business's minimum notice",
        SlotError::TooFar => "is beyond the business's booking horizon",
        SlotError::Closed => "the business is closed on that day",
        SlotError::OutsideHours => "is not within the opening hours of that day",
        SlotError::BetweenSlots => "is not the start of a slot",
    }
}
