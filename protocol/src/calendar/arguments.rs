//! The arguments of the calendar's tools, as the model wrote them and as they are checked (CAL-1).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Calendar;
use super::date::RequestedDate;
use super::error::CalendarError;
use super::start::{UnclearStart, Writer, WrittenStart};
use crate::text;

/// The longest notes taken, in characters.
const LONGEST_NOTES: usize = 2000;

/// A tool of the calendar. How the model is told of it: [`crate::tools`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarTool {
    /// `find_available_slots`: reads only.
    Find,
    /// `create_appointment`: needs the call's lead.
    Create,
    /// `reschedule_appointment`: needs the call's lead (CAL-6).
    Reschedule,
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
        start: Result<Timestamp, UnclearStart>,
        /// How long it lasts.
        length: Duration,
        /// At most 2,000 characters.
        notes: Option<String>,
        /// Whether it is wanted beside an appointment that the lead holds (CAL-6).
        additional: bool,
    },
    /// Of [`CalendarTool::Reschedule`].
    Reschedule {
        /// The appointment to move.
        which: AppointmentKey,
        /// Its new first moment.
        to: Result<Timestamp, UnclearStart>,
    },
    /// Of [`CalendarTool::Cancel`].
    Cancel(AppointmentKey),
}

/// How a request names an appointment of the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppointmentKey {
    /// Not at all.
    Unsaid,
    /// By its row's key or its start, or both.
    Named {
        /// The key; `None` also for a text that can't be one.
        id: Option<Uuid>,
        /// The moments that the given start can mean.
        starts: Vec<Timestamp>,
    },
}

impl CalendarTool {
    /// Every tool of the calendar, in the order in which the model is told of them.
    pub const ALL: [Self; 4] = [Self::Find, Self::Create, Self::Reschedule, Self::Cancel];

    /// The function name that the model uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Find => "find_available_slots",
            Self::Create => "create_appointment",
            Self::Reschedule => "reschedule_appointment",
            Self::Cancel => "cancel_appointment",
        }
    }

    /// The names of the arguments that it reads.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Find => &["date_iso", "duration_min"],
            Self::Create => &["slot_start", "duration_min", "notes", "additional"],
            Self::Reschedule => &["appointment_id", "from_start", "slot_start"],
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
        writer: &Writer,
    ) -> Result<Self, CalendarError> {
        let given = serde_json::from_str(arguments).map_err(|_| CalendarError::Arguments)?;
        let given = Given(given);
        match tool {
            CalendarTool::Find => find(&given, calendar),
            CalendarTool::Create => create(&given, calendar, writer),
            CalendarTool::Reschedule => Ok(CalendarArguments::Reschedule {
                which: which(&given, "from_start", calendar)?,
                to: start(&given, calendar, writer)?,
            }),
            CalendarTool::Cancel => {
                Ok(CalendarArguments::Cancel(which(&given, "slot_start", calendar)?))
            }
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

fn create(
    given: &Given,
    calendar: &Calendar<'_>,
    writer: &Writer,
) -> Result<CalendarArguments, CalendarError> {
    let length = calendar.length(given.minutes()?)?;
    let start = start(given, calendar, writer)?;
    // Browsers and other programs end their lines with both.
    let notes = given.text("notes")?.map(|notes| notes.replace("\r\n", "\n"));
    if let Some(notes) = &notes {
        let flawed = |flaw| CalendarError::Text("notes", flaw);
        text::check_lines(notes, LONGEST_NOTES).map_err(flawed)?;
    }
    let additional = given.is_set("additional")?;
    Ok(CalendarArguments::Create { start, length, notes, additional })
}

/// `slot_start`, which is required.
fn start(
    given: &Given,
    calendar: &Calendar<'_>,
    writer: &Writer,
) -> Result<Result<Timestamp, UnclearStart>, CalendarError> {
    const NAME: &str = "slot_start";
    let text = given.text(NAME)?.ok_or(CalendarError::Missing(NAME))?;
    let written = WrittenStart::read(text).map_err(|why| CalendarError::Date(NAME, why))?;
    Ok(written.resolve(calendar.zone(), writer))
}

/// The appointment that is meant, by `appointment_id` or the argument `start`.
fn which(
    given: &Given,
    start: &'static str,
    calendar: &Calendar<'_>,
) -> Result<AppointmentKey, CalendarError> {
    let id = given.text("appointment_id")?.map(Uuid::parse_str);
    let starts = given.text(start)?.map(WrittenStart::read);
    Ok(match (id, starts) {
        (None, None) => AppointmentKey::Unsaid,
        (None, Some(Err(why))) => return Err(CalendarError::Date(start, why)),
        (id, starts) => AppointmentKey::Named {
            id: id.and_then(Result::ok),
            starts: starts
                .and_then(Result::ok)
                .map(|written| written.readings(calendar.zone()))
                .unwrap_or_default(),
        },
    })
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

    /// A yes or no; missing means no.
    fn is_set(&self, name: &'static str) -> Result<bool, CalendarError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(set)) => Ok(*set),
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" | "" => Ok(false),
                _ => Err(CalendarError::NotYesOrNo(name)),
            },
            Some(Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(CalendarError::NotYesOrNo(name))
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
