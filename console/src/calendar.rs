//! A week of appointments, and the forms to book, move and cancel one.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::components::{Choice, Control, Field, Person};
use crate::format::clock;
use crate::page::page;
use crate::texts::Texts;

/// Minutes of one row of the grid.
const ROW: i64 = 15;

/// An appointment.
#[derive(Debug, Clone)]
pub struct Appointment {
    pub id: Uuid,
    pub person: Person,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub cancelled: bool,
    pub notes: Option<String>,
    /// The call it was booked in.
    pub call: Option<String>,
}

/// A day of the week.
#[derive(Debug, Clone)]
pub struct Day {
    pub date: Date,
    /// The opening hours, as in `09:00–13:00`.
    pub hours: Vec<String>,
    /// It is one of `days_off`.
    pub day_off: bool,
    pub appointments: Vec<Appointment>,
    /// Starts that can be booked.
    pub free: Vec<Timestamp>,
}

/// What stands in the day's column: an appointment, a free start or the present.
pub(crate) enum Cell<'a> {
    Visit(&'a Appointment),
    Free(&'a Timestamp),
    Now,
}

/// A cell and its place in the grid.
pub(crate) struct Placed<'a> {
    pub(crate) cell: Cell<'a>,
    pub(crate) at: i64,
    pub(crate) rows: i64,
}

/// The form that is open.
#[derive(Debug, Clone)]
pub enum Form {
    /// Book for a person.
    Book(BookForm),
    /// Look at an appointment, and move or cancel it.
    Visit(VisitForm),
}

/// The form of a new appointment, with what the user has entered.
#[derive(Debug, Clone, Default)]
pub struct BookForm {
    /// The start, in local time, as in `2026-11-30T09:30`.
    pub start: String,
    pub phone: String,
    pub name: String,
    pub notes: String,
    pub wrong_start: Option<String>,
    pub wrong_phone: Option<String>,
    pub wrong_name: Option<String>,
    /// Free starts, where the wanted one is taken.
    pub instead: Vec<Timestamp>,
    /// Sent with the form, so that a second press books nothing more.
    pub key: String,
}

/// One appointment, and the form to move it.
#[derive(Debug, Clone)]
pub struct VisitForm {
    pub appointment: Appointment,
    pub start: String,
    pub wrong_start: Option<String>,
    pub instead: Vec<Timestamp>,
    /// The user has asked to cancel, and is asked once more.
    pub cancelling: bool,
}

impl BookForm {
    pub(crate) fn fields(&self, t: &Texts) -> Vec<Field> {
        let notes = Control::Lines { value: self.notes.clone(), rows: 2 };
        vec![
            start_field(t, &self.start, &self.wrong_start),
            Field::typed("tel", "phone", t.say("field-phone"), &*self.phone)
                .required()
                .error(self.wrong_phone.clone())
                .autocomplete("off"),
            Field::line("name", t.say("field-name"), &*self.name)
                .error(self.wrong_name.clone())
                .autocomplete("off"),
            Field::new("notes", t.say("field-notes"), notes),
        ]
    }
}

impl VisitForm {
    pub(crate) fn start_field(&self, t: &Texts) -> Field {
        start_field(t, &self.start, &self.wrong_start)
    }
}

fn start_field(t: &Texts, start: &str, wrong: &Option<String>) -> Field {
    Field::typed("datetime-local", "start", t.say("field-start"), start)
        .required()
        .error(wrong.clone())
}

/// The page.
#[derive(Debug, Clone)]
pub struct CalendarPage {
    /// The week's days, the first one first.
    pub days: Vec<Day>,
    /// The business has opening hours; without them nothing can be booked.
    pub has_hours: bool,
    pub form: Option<Form>,
}

impl CalendarPage {
    pub(crate) fn first(&self) -> Date {
        self.days.first().map_or(Date::MIN, |day| day.date)
    }

    /// The week's address, `weeks` from this one.
    pub(crate) fn week(&self, weeks: i32) -> String {
        let span = jiff::Span::new().try_weeks(weeks).unwrap_or_default();
        let first = self.first().saturating_add(span);
        format!("calendar?week={first}")
    }

    pub(crate) fn range(&self, t: &Texts) -> String {
        let last = self.days.last().map_or(Date::MIN, |day| day.date);
        t.pair("week-range", t.day_and_month(&self.first()), t.day_and_month(&last))
    }

    pub(crate) fn holds_today(&self, t: &Texts) -> bool {
        self.days.iter().any(|day| day.date == t.today())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.days.iter().all(|day| day.appointments.is_empty())
    }

    /// The first quarter of an hour that any day of the week shows.
    fn opens(&self, t: &Texts) -> i64 {
        let starts = self.days.iter().flat_map(|day| {
            let visits = day.appointments.iter().map(|it| it.starts_at);
            visits.chain(day.free.iter().copied()).map(|at| row(t, at))
        });
        // A whole hour, so that the lines of the grid are hours.
        starts.min().map_or(0, |first| first / 4 * 4)
    }

    /// What a day's column holds, in the order of time.
    pub(crate) fn cells<'a>(&self, t: &Texts, day: &'a Day) -> Vec<Placed<'a>> {
        let opens = self.opens(t);
        let place = |at: Timestamp| (row(t, at) - opens).clamp(0, 95);
        let mut cells: Vec<Placed<'_>> = Vec::new();
        for visit in &day.appointments {
            let at = place(visit.starts_at);
            let minutes = (visit.ends_at - visit.starts_at).get_seconds() / 60;
            let rows = ((minutes + ROW - 1) / ROW).clamp(1, 96 - at);
            cells.push(Placed { cell: Cell::Visit(visit), at, rows });
        }
        for free in &day.free {
            cells.push(Placed { cell: Cell::Free(free), at: place(*free), rows: 2 });
        }
        if day.date == t.today() && row(t, t.now) >= opens {
            cells.push(Placed { cell: Cell::Now, at: place(t.now), rows: 1 });
        }
        cells.sort_by_key(|placed| placed.at);
        cells
    }

    pub(crate) fn clock(&self, t: &Texts, at: &Timestamp) -> String {
        clock(&t.local(*at))
    }

    /// The start of a form's address: local time, as `<input type="datetime-local">` has it.
    pub(crate) fn local(&self, t: &Texts, at: &Timestamp) -> String {
        t.local(*at).strftime("%Y-%m-%dT%H:%M").to_string()
    }
}

fn row(t: &Texts, at: Timestamp) -> i64 {
    let local = t.local(at);
    (i64::from(local.hour()) * 60 + i64::from(local.minute())) / ROW
}

impl CalendarPage {
    /// Starts to choose instead of one that is taken.
    pub(crate) fn choices(&self, t: &Texts, starts: &[Timestamp]) -> Vec<Choice> {
        let words = |at: &Timestamp| t.pair("day-and-time", t.day(at), self.clock(t, at));
        starts.iter().map(|at| Choice::new(self.local(t, at), words(at))).collect()
    }
}

page!(CalendarPage, "calendar.html");
