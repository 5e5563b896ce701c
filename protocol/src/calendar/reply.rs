//! What the model is told of a calendar request: JSON with a sentence for the caller (CAL-1).

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::Calendar;
use super::arguments::CalendarTool;
use super::date::DateParseError;
use super::error::CalendarError;
use super::outcome::{BookedAppointment, CalendarOutcome, FreeSlots};
use super::start::Unclear;
use super::wording;
use crate::business::{Language, Locale};
use crate::call::ToolOutcome;

/// Writes the output of one use of a calendar tool.
#[derive(Debug, Clone)]
pub struct ReplyWriter<'a> {
    calendar: &'a Calendar<'a>,
    locale: Locale,
    /// Arguments that were given and mean nothing to the tool.
    ignored: Vec<String>,
}

impl<'a> ReplyWriter<'a> {
    /// A writer for one use of `tool`; `arguments` are the JSON text that the model sent.
    #[must_use]
    pub fn new(
        calendar: &'a Calendar<'a>,
        language: &Language,
        tool: CalendarTool,
        arguments: &str,
    ) -> Self {
        Self { calendar, locale: Locale::of(language), ignored: ignored(tool, arguments) }
    }

    /// The tool's output. Its `say` is a sentence for the caller in the business's language.
    #[must_use]
    pub fn write(&self, outcome: &CalendarOutcome) -> ToolOutcome {
        match outcome {
            CalendarOutcome::Offered { requested, free } => self.offered(*requested, free),
            CalendarOutcome::Booked(booked) | CalendarOutcome::BookedBefore(booked) => {
                self.booked(*booked)
            }
            CalendarOutcome::Cancelled(cancelled) => self.cancelled(*cancelled),
            CalendarOutcome::Moved { from, to } => self.moved(*from, *to),
            CalendarOutcome::Mine { why, held } => self.mine(why, held),
            CalendarOutcome::Refused(error, free) => self.refused(error, free.as_ref()),
        }
    }

    fn offered(&self, requested: Date, free: &FreeSlots) -> ToolOutcome {
        let say = if free.date == requested {
            self.offer(free)
        } else {
            format!("{} {}", wording::day_is_full(self.locale, requested), self.offer(free))
        };
        let output = json!({
            "ok": true,
            "date": free.date.to_string(),
            "asked_date_is_free": free.date == requested,
            "slots": self.starts(free),
            "say": say,
        });
        self.output(output, true, Some(free))
    }

    fn booked(&self, booked: BookedAppointment) -> ToolOutcome {
        let local = booked.start.to_zoned(self.calendar.zone().clone());
        let minutes = booked.end.duration_since(booked.start).as_mins();
        self.done(json!({
            "ok": true,
            "appointment_id": booked.id.to_string(),
            "slot_start": self.calendar.rfc3339(booked.start),
            "duration_min": minutes,
            "say": wording::booked(self.locale, local.date(), local.time()),
        }))
    }

    fn moved(&self, from: Timestamp, to: BookedAppointment) -> ToolOutcome {
        let local = to.start.to_zoned(self.calendar.zone().clone());
        self.done(json!({
            "ok": true,
            "appointment_id": to.id.to_string(),
            "slot_start": self.calendar.rfc3339(to.start),
            "moved_from": self.calendar.rfc3339(from),
            "duration_min": to.end.duration_since(to.start).as_mins(),
            "say": wording::moved(self.locale, local.date(), local.time()),
        }))
    }

    fn cancelled(&self, cancelled: BookedAppointment) -> ToolOutcome {
        let local = cancelled.start.to_zoned(self.calendar.zone().clone());
        self.done(json!({
            "ok": true,
            "appointment_id": cancelled.id.to_string(),
            "slot_start": self.calendar.rfc3339(cancelled.start),
            "say": wording::cancelled(self.locale, local.date(), local.time()),
        }))
    }

    /// `free` is offered instead, if there is any.
    pub(super) fn refused(&self, error: &CalendarError, free: Option<&FreeSlots>) -> ToolOutcome {
        let mut say = wording::refused(self.locale, error);
        let mut output = Map::new();
        output.insert("ok".to_owned(), json!(false));
        output.insert("error".to_owned(), json!(error.to_string()));
        if let Some(hint) = self.hint(error) {
            output.insert("hint".to_owned(), json!(hint));
        }
        if let Some(free) = free {
            say = format!("{say} {}", self.offer(free));
            output.insert("slots".to_owned(), json!(self.starts(free)));
        }
        output.insert("say".to_owned(), json!(say));
        self.output(Value::Object(output), false, free)
    }

    fn mine(&self, why: &CalendarError, held: &[BookedAppointment]) -> ToolOutcome {
        let local = |one: &BookedAppointment| one.start.to_zoned(self.calendar.zone().clone());
        let appointments: Vec<Value> = (held.iter())
            .map(|one| {
                let start = self.calendar.rfc3339(one.start);
                json!({ "appointment_id": one.id.to_string(), "slot_start": start })
            })
            .collect();
        let known: Vec<_> = held.iter().map(|one| local(one).datetime()).collect();
        let mut output = json!({
            "ok": false,
            "error": why.to_string(),
            "appointments": appointments,
            "say": wording::mine(self.locale, why, &known),
        });
        if let Some(hint) = self.hint(why) {
            output["hint"] = json!(hint);
        }
        self.output(output, false, None)
    }

    fn done(&self, output: Value) -> ToolOutcome {
        self.output(output, true, None)
    }

    fn output(
        &self,
        mut output: Value,
        succeeded: bool,
        offered: Option<&FreeSlots>,
    ) -> ToolOutcome {
        if !self.ignored.is_empty() {
            output["ignored"] = json!(self.ignored);
        }
        let offered = offered.into_iter().flat_map(|free| &free.slots);
        ToolOutcome {
            offered: offered.map(|slot| slot.start).collect(),
            ..ToolOutcome::new(output.to_string(), succeeded)
        }
    }

    fn offer(&self, free: &FreeSlots) -> String {
        let times: Vec<_> = (free.slots.iter())
            .map(|slot| slot.start.to_zoned(self.calendar.zone().clone()).time())
            .collect();
        wording::offer(self.locale, free.date, &times)
    }

    fn starts(&self, free: &FreeSlots) -> Vec<String> {
        free.slots.iter().map(|slot| self.calendar.rfc3339(slot.start)).collect()
    }

    /// How the model can correct its arguments; `None` where only the caller can help.
    fn hint(&self, error: &CalendarError) -> Option<String> {
        let today = self.calendar.today();
        match error {
            CalendarError::Arguments => Some("the arguments must be one JSON object".to_owned()),
            CalendarError::Missing(name) => Some(format!("{name} is required")),
            CalendarError::Wrong(name) => Some(format!("{name} must be a text")),
            CalendarError::Text(name, flaw) => Some(format!("{name} {flaw}")),
            CalendarError::NotYesOrNo(name) => Some(format!("{name} must be true or false")),
            CalendarError::AlreadyHolds => Some(
                "to move it call reschedule_appointment; only if the caller wants one more, call \
                 create_appointment again with additional true"
                    .to_owned(),
            ),
            CalendarError::Unclear(unclear) => Some(self.about_the_clock(unclear.why)),
            CalendarError::Date(name, DateParseError::NoYear) => {
                Some(format!("{name} needs its year, as in {today}, which is today"))
            }
            CalendarError::Date("date_iso", _) => {
                Some(format!("date_iso must be a date as in {today}, which is today"))
            }
            CalendarError::Date(name, DateParseError::NoTime | DateParseError::NotADate) => {
                let example = self.calendar.rfc3339(self.calendar.now());
                Some(format!("{name} must be one of the slots found, written as in {example}"))
            }
            CalendarError::Length => Some("duration_min must be from 1 to 1440".to_owned()),
            CalendarError::PastDate => Some(format!("today is {today}")),
            CalendarError::FarDate { last } => Some(format!("the last possible date is {last}")),
            CalendarError::Slot(_)
            | CalendarError::Taken
            | CalendarError::NothingFree
            | CalendarError::Which
            | CalendarError::NoSuchAppointment
            | CalendarError::Over
            | CalendarError::Cancelled
            | CalendarError::Busy
            | CalendarError::Failed
            | CalendarError::TooLate => None,
        }
    }

    fn about_the_clock(&self, why: Unclear) -> String {
        let example = self.calendar.rfc3339(self.calendar.now());
        match why {
            Unclear::Offset => format!(
                "slot_start has an offset that is not the business's; write one of the slots as it \
                 was found, as in {example}"
            ),
            Unclear::Skipped => {
                "the clocks are set forward over that time; it does not exist on that day"
                    .to_owned()
            }
            Unclear::Doubled => {
                format!(
                    "the clocks show that time twice on that day; write it with its offset, as in {example}"
                )
            }
        }
    }
}

/// The output of a tool that did nothing, for a reason that needs no calendar to explain:
/// [`CalendarError::Busy`], [`CalendarError::Failed`], [`CalendarError::TooLate`].
#[must_use]
pub fn error_reply(language: &Language, error: &CalendarError) -> ToolOutcome {
    let output = json!({
        "ok": false,
        "error": error.to_string(),
        "say": wording::refused(Locale::of(language), error),
    });
    ToolOutcome::new(output.to_string(), false)
}

/// The given names that the tool does not read; none if the arguments are not a JSON object.
fn ignored(tool: CalendarTool, arguments: &str) -> Vec<String> {
    let given: Map<String, Value> = serde_json::from_str(arguments).unwrap_or_default();
    given.into_iter().map(|(name, _)| name).filter(|n| !tool.arguments().contains(&&**n)).collect()
}
