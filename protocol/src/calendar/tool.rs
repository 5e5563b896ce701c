//! The calendar's three tools: what the model's arguments wish for, and what it is answered (CAL-1).
//! Every answer holds a sentence that can be said to the caller.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::asked::{self, Asked, Unreadable};
use super::refusal::Refusal;
use super::wording::Tongue;
use super::{Calendar, Slot};
use crate::business::Language;
use crate::call::ToolOutcome;

/// The longest notes taken, in characters.
const LONGEST_NOTES: usize = 2000;

/// A tool of the calendar's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `find_available_slots`
    Find,
    /// `create_appointment`
    Create,
    /// `cancel_appointment`
    Cancel,
}

/// What the model wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Slots that are free around a date.
    Find {
        /// The date.
        asked: Asked,
        /// How long the appointment would last.
        length: Duration,
    },
    /// An appointment.
    Create {
        /// When it begins.
        start: Timestamp,
        /// How long it lasts.
        length: Duration,
        /// What the person wants noted.
        notes: Option<String>,
    },
    /// An appointment less.
    Cancel(AppointmentKey),
}

/// Which appointment is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentKey {
    /// The one with this id.
    Id(Uuid),
    /// The one that begins then.
    Start(Timestamp),
}

/// Slots of one date that are to be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free {
    /// The date.
    pub date: Date,
    /// The slots, the first first; not empty.
    pub slots: Vec<Slot>,
}

/// An appointment as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Its id.
    pub id: Uuid,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Find, Self::Create, Self::Cancel];

    /// The name the model calls it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Find => "find_available_slots",
            Self::Create => "create_appointment",
            Self::Cancel => "cancel_appointment",
        }
    }

    /// The tool of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Find => &["date_iso", "duration_min"],
            Self::Create => &["slot_start", "duration_min", "notes"],
            Self::Cancel => &["appointment_id", "slot_start"],
        }
    }
}

impl Wish {
    /// Reads a tool's arguments, JSON as the model wrote it. Whatever else stands in them is passed
    /// over (LEAD-3: nothing in them can name a business or a person).
    ///
    /// # Errors
    /// [`Refusal`] names the argument.
    pub fn read(tool: Tool, arguments: &str, calendar: &Calendar<'_>) -> Result<Self, Refusal> {
        let given: Map<String, Value> =
            serde_json::from_str(arguments).map_err(|_| Refusal::Arguments)?;
        match tool {
            Tool::Find => {
                let length = calendar.length(minutes(&given)?)?;
                let text = text(&given, "date_iso")?.ok_or(Refusal::Missing("date_iso"))?;
                let unreadable = |why| Refusal::Date("date_iso", why);
                let asked = Asked::read(text, calendar.zone()).map_err(unreadable)?;
                if asked.date < calendar.today() {
                    return Err(Refusal::PastDate);
                }
                let last = calendar.last_day();
                if asked.date > last {
                    return Err(Refusal::FarDate { last });
                }
                Ok(Self::Find { asked, length })
            }
            Tool::Create => {
                let length = calendar.length(minutes(&given)?)?;
                let text_of = |name| text(&given, name);
                let start = text_of("slot_start")?.ok_or(Refusal::Missing("slot_start"))?;
                let start = moment(start, calendar)?;
                let notes = text_of("notes")?.map(str::to_owned);
                if notes.as_ref().is_some_and(|notes| notes.chars().count() > LONGEST_NOTES) {
                    return Err(Refusal::Wrong("notes"));
                }
                Ok(Self::Create { start, length, notes })
            }
            Tool::Cancel => {
                let id = text(&given, "appointment_id")?.map(Uuid::parse_str);
                let start = text(&given, "slot_start")?;
                match (id, start) {
                    (Some(Ok(id)), _) => Ok(Self::Cancel(AppointmentKey::Id(id))),
                    (_, Some(start)) => {
                        Ok(Self::Cancel(AppointmentKey::Start(moment(start, calendar)?)))
                    }
                    (Some(Err(_)), None) => Err(Refusal::NoSuchAppointment),
                    (None, None) => Err(Refusal::Which),
                }
            }
        }
    }
}

fn moment(text: &str, calendar: &Calendar<'_>) -> Result<Timestamp, Refusal> {
    asked::moment(text, calendar.zone()).map_err(|why| Refusal::Date("slot_start", why))
}

/// A text argument; an empty one counts as none.
fn text<'a>(given: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    match given.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Refusal::Wrong(name))
        }
    }
}

/// `duration_min`, as a number or a number's text.
fn minutes(given: &Map<String, Value>) -> Result<Option<u64>, Refusal> {
    match given.get("duration_min") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_u64().map(Some).ok_or(Refusal::Length),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| Refusal::Length),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(Refusal::Length),
    }
}

/// What the model is answered, in the call's language.
#[derive(Debug, Clone)]
pub struct Answers<'a> {
    calendar: &'a Calendar<'a>,
    tongue: Tongue,
    ignored: Vec<String>,
}

impl<'a> Answers<'a> {
    /// Answers to one use of a tool.
    #[must_use]
    pub fn new(
        calendar: &'a Calendar<'a>,
        tongue: Tongue,
        (tool, arguments): (Tool, &str),
    ) -> Self {
        Self { calendar, tongue, ignored: ignored(tool, arguments) }
    }

    /// Slots are free: on the date that was asked for, or on the next that has some.
    pub(super) fn offered(&self, asked: Date, free: &Free) -> ToolOutcome {
        let said = if free.date == asked {
            self.offer(free)
        } else {
            format!("{} {}", self.tongue.day_is_full(asked), self.offer(free))
        };
        self.done(json!({
            "ok": true,
            "date": free.date.to_string(),
            "asked_date_is_free": free.date == asked,
            "slots": self.written(free),
            "say": said,
        }))
    }

    /// The appointment stands.
    pub(super) fn booked(&self, booked: Booked) -> ToolOutcome {
        let at = booked.start.to_zoned(self.calendar.zone().clone());
        let lasts = booked.end.duration_since(booked.start).as_mins();
        self.done(json!({
            "ok": true,
            "appointment_id": booked.id.to_string(),
            "slot_start": self.calendar.written(booked.start),
            "duration_min": lasts,
            "say": self.tongue.booked(at.date(), at.time()),
        }))
    }

    /// The appointment is no more.
    pub(super) fn cancelled(&self, cancelled: Booked) -> ToolOutcome {
        let at = cancelled.start.to_zoned(self.calendar.zone().clone());
        self.done(json!({
            "ok": true,
            "appointment_id": cancelled.id.to_string(),
            "slot_start": self.calendar.written(cancelled.start),
            "say": self.tongue.cancelled(at.date(), at.time()),
        }))
    }

    /// Nothing was done; `free` is offered instead, if there is any.
    pub(super) fn refused(&self, refusal: &Refusal, free: Option<&Free>) -> ToolOutcome {
        let mut said = self.tongue.refused(refusal);
        let mut output = Map::new();
        output.insert("ok".to_owned(), json!(false));
        output.insert("error".to_owned(), json!(refusal.to_string()));
        if let Some(hint) = self.hint(refusal) {
            output.insert("hint".to_owned(), json!(hint));
        }
        if let Some(free) = free {
            said = format!("{said} {}", self.offer(free));
            output.insert("slots".to_owned(), json!(self.written(free)));
        }
        output.insert("say".to_owned(), json!(said));
        self.outcome(Value::Object(output), false)
    }

    /// Nothing was cancelled, since it was not said which of these.
    pub(super) fn which_of(&self, mine: &[Booked]) -> ToolOutcome {
        let appointments: Vec<Value> = mine
            .iter()
            .map(|one| {
                let start = self.calendar.written(one.start);
                json!({ "appointment_id": one.id.to_string(), "slot_start": start })
            })
            .collect();
        let refusal = if mine.is_empty() { Refusal::NoSuchAppointment } else { Refusal::Which };
        let output = json!({
            "ok": false,
            "error": refusal.to_string(),
            "appointments": appointments,
            "say": self.tongue.refused(&refusal),
        });
        self.outcome(output, false)
    }

    fn done(&self, output: Value) -> ToolOutcome {
        self.outcome(output, true)
    }

    fn outcome(&self, mut output: Value, succeeded: bool) -> ToolOutcome {
        if !self.ignored.is_empty() {
            output["ignored"] = json!(self.ignored);
        }
        ToolOutcome { output: output.to_string(), succeeded }
    }

    fn offer(&self, free: &Free) -> String {
        let times: Vec<_> = (free.slots.iter())
            .map(|slot| slot.start.to_zoned(self.calendar.zone().clone()).time())
            .collect();
        self.tongue.offer(free.date, &times)
    }

    fn written(&self, free: &Free) -> Vec<String> {
        free.slots.iter().map(|slot| self.calendar.written(slot.start)).collect()
    }

    /// What the model itself can do better.
    fn hint(&self, refusal: &Refusal) -> Option<String> {
        let today = self.calendar.today();
        match refusal {
            Refusal::Arguments => Some("the arguments must be one JSON object".to_owned()),
            Refusal::Missing(name) => Some(format!("{name} is required")),
            Refusal::Wrong(name) => Some(format!("{name} must be a text of reasonable length")),
            Refusal::Date(name, Unreadable::NoYear) => {
                Some(format!("{name} needs its year, as in {today}, which is today"))
            }
            Refusal::Date("date_iso", _) => {
                Some(format!("date_iso must be a date as in {today}, which is today"))
            }
            Refusal::Date(name, Unreadable::NoTime | Unreadable::NotADate) => {
                let example = self.calendar.written(self.calendar.now());
                Some(format!("{name} must be one of the slots found, written as in {example}"))
            }
            Refusal::Length => Some("duration_min must be from 1 to 1440".to_owned()),
            Refusal::PastDate => Some(format!("today is {today}")),
            Refusal::FarDate { last } => Some(format!("the last possible date is {last}")),
            Refusal::Misfit(_)
            | Refusal::Taken
            | Refusal::NothingFree
            | Refusal::Which
            | Refusal::NoSuchAppointment
            | Refusal::Over
            | Refusal::Cancelled
            | Refusal::Busy
            | Refusal::Failed
            | Refusal::TooLate => None,
        }
    }
}

/// A tool did nothing, for a reason that has to do with no date.
#[must_use]
pub fn sorry(language: &Language, refusal: &Refusal) -> ToolOutcome {
    let output = json!({
        "ok": false,
        "error": refusal.to_string(),
        "say": Tongue::of(language).refused(refusal),
    });
    ToolOutcome { output: output.to_string(), succeeded: false }
}

/// The names in a tool's arguments that mean nothing to it; none if they can't be read.
fn ignored(tool: Tool, arguments: &str) -> Vec<String> {
    let given: Map<String, Value> = serde_json::from_str(arguments).unwrap_or_default();
    given.into_iter().map(|(name, _)| name).filter(|n| !tool.arguments().contains(&&**n)).collect()
}
