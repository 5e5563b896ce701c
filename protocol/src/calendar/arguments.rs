//! The arguments of the calendar's tools, as the model wrote them and as they are checked (CAL-1).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Calendar;
use super::date::{self, DateParseError, RequestedDate};
use super::error::CalendarError;

/// The longest notes taken, in characters.
const LONGEST_NOTES: usize = 2000;

/// A tool of the calendar. How the model is told of it: [`crate::tools`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarTool {
    /// `find_available_slots`: reads only.
    Find,
    /// `create_appointment`: needs the call's lead.
    Create,
    /// `cancel_appointment`: needs the call's lead.
    Cancel,
}

/// The checked arguments of one use of a calendar tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalendarArguments {
    /// Of [`CalendarTool::Find`].
    Find {
        /// Where the search begins.
        around: RequestedDate,
        /// How long the appointment would last.
        length: Duration,
    },
    /// Of [`CalendarTool::Create`].
    Create {
        /// First moment of the appointment.
        start: Timestamp,
        /// How long it lasts.
        length: Duration,
        /// At most 2,000 characters.
        notes: Option<String>,
    },
    /// Of [`CalendarTool::Cancel`].
    Cancel(AppointmentKey),
}

/// How a request names an appointment of the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentKey {
    /// By its row's key.
    Id(Uuid),
    /// By its first moment.
    Start(Timestamp),
}

impl CalendarTool {
    /// Every tool of the calendar, in the order in which the model is told of them.
    pub const ALL: [Self; 3] = [Self::Find, Self::Create, Self::Cancel];

    /// The function name that the model uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Find => "find_available_slots",
            Self::Create => "create_appointment",
            Self::Cancel => "cancel_appointment",
        }
    }

    /// The names of the arguments that it reads.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Find => &["date_iso", "duration_min"],
            Self::Create => &["slot_start", "duration_min", "notes"],
            Self::Cancel => &["appointment_id", "slot_start"],
        }
    }
}

impl CalendarArguments {
    /// Reads a JSON object as the model wrote it. Unknown names are ignored: no argument can name a
    /// business or a person (LEAD-3).
    ///
    /// # Errors
    /// [`CalendarError`] names the argument and what is wrong with it.
    pub fn read(
        tool: CalendarTool,
        arguments: &str,
        calendar: &Calendar<'_>,
    ) -> Result<Self, CalendarError> {
        let given = serde_json::from_str(arguments).map_err(|_| CalendarError::Arguments)?;
        let given = Given(given);
        match tool {
            CalendarTool::Find => find(&given, calendar),
            CalendarTool::Create => create(&given, calendar),
            CalendarTool::Cancel => cancel(&given, calendar),
        }
    }
}

fn find(given: &Given, calendar: &Calendar<'_>) -> Result<CalendarArguments, CalendarError> {
    let length = calendar.length(given.minutes()?)?;
    let text = given.text("date_iso")?.ok_or(CalendarError::Missing("date_iso"))?;
    let unreadable = |why| CalendarError::Date("date_iso", why);
    let around = RequestedDate::read(text, calendar.zone()).map_err(unreadable)?;
    if around.date < calendar.today() {
        return Err(CalendarError::PastDate);
    }
    let last = calendar.last_day();
    if around.date > last {
        return Err(CalendarError::FarDate { last });
    }
    Ok(CalendarArguments::Find { around, length })
}

fn create(given: &Given, calendar: &Calendar<'_>) -> Result<CalendarArguments, CalendarError> {
    let length = calendar.length(given.minutes()?)?;
    let start = given.text("slot_start")?.ok_or(CalendarError::Missing("slot_start"))?;
    let start = moment(start, calendar)?;
    let notes = given.text("notes")?.map(str::to_owned);
    if notes.as_ref().is_some_and(|notes| notes.chars().count() > LONGEST_NOTES) {
        return Err(CalendarError::Wrong("notes"));
    }
    Ok(CalendarArguments::Create { start, length, notes })
}

fn cancel(given: &Given, calendar: &Calendar<'_>) -> Result<CalendarArguments, CalendarError> {
    let id = given.text("appointment_id")?.map(Uuid::parse_str);
    let start = given.text("slot_start")?;
    let key = match (id, start) {
        (Some(Ok(id)), _) => AppointmentKey::Id(id),
        (_, Some(start)) => AppointmentKey::Start(moment(start, calendar)?),
        (Some(Err(_)), None) => return Err(CalendarError::NoSuchAppointment),
        (None, None) => return Err(CalendarError::Which),
    };
    Ok(CalendarArguments::Cancel(key))
}

fn moment(text: &str, calendar: &Calendar<'_>) -> Result<Timestamp, CalendarError> {
    let unreadable = |why: DateParseError| CalendarError::Date("slot_start", why);
    date::moment(text, calendar.zone()).map_err(unreadable)
}

/// The arguments as they came.
struct Given(Map<String, Value>);

impl Given {
    /// A text argument; an empty one counts as missing.
    fn text(&self, name: &'static str) -> Result<Option<&str>, CalendarError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(CalendarError::Wrong(name))
            }
        }
    }

    /// `duration_min`, as a number or as a number in a string.
    fn minutes(&self) -> Result<Option<u64>, CalendarError> {
        const WRONG: CalendarError = CalendarError::Length;
        match self.0.get("duration_min") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => number.as_u64().map(Some).ok_or(WRONG),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| WRONG),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(WRONG),
        }
    }
}
