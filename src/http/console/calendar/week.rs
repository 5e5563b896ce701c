//! The page of a week.

use std::collections::BTreeMap;

use console::calendar::{Appointment, CalendarPage, Day, Form as OpenForm};
use console::shell::{Place, Shell};
use entities::RecordsError;
use entities::appointments::{self, AppointmentRecord, AppointmentStatus};
use entities::leads::{self, LeadRecord};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use protocol::calendar::{Calendar, TimeRange};
use protocol::ids::LeadId;

use crate::http::console::answer;
use crate::http::console::desk::Desk;
use crate::http::console::persons;
use crate::http::console::refused::Answer;
use crate::http::console::visit::Visit;
use crate::http::console::wrong::Wrong;

/// Appointments of a week that are shown.
const MOST_OF_WEEK: u32 = 1_000;

/// The page with this form, after one that was wrong. What no field says is said at the page's top.
pub(super) async fn shown(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    form: Option<OpenForm>,
    wrong: Option<&Wrong>,
) -> Answer {
    let is_said = match &form {
        Some(OpenForm::Visit(form)) => form.wrong_start.is_some() && !form.appointment.cancelled,
        Some(OpenForm::Book(_)) | None => true,
    };
    let page = page(desk, week(visit, desk, form.as_ref()), form).await?;
    let events = Some(visit.at("events/calendar"));
    let mut shell = visit.shell(Place::Calendar).await?;
    shell.notices.extend(wrong.filter(|_| !is_said).map(|wrong| wrong.notice(visit)));
    let status = answer::status_of(wrong.is_some());
    Ok(answer::page_with(status, &Shell { events, ..shell }, &page))
}

/// The week that is asked for, or that the open form is about, or this one.
fn week(visit: &Visit<'_>, desk: &Desk<'_>, form: Option<&OpenForm>) -> Date {
    let asked = visit.query.get("week").and_then(|week| week.parse().ok());
    let of_form = || match form? {
        OpenForm::Visit(visit) => {
            Some(visit.appointment.starts_at.to_zoned(desk.zone().clone()).date())
        }
        OpenForm::Book(book) => book.start.get(..10)?.parse().ok(),
    };
    let date = asked.or_else(of_form).unwrap_or_else(|| desk.today());
    let since_sunday = date.weekday().since(Weekday::Sunday);
    date.saturating_sub(i32::from(since_sunday).days())
}

async fn page(
    desk: &Desk<'_>,
    first: Date,
    form: Option<OpenForm>,
) -> Result<CalendarPage, RecordsError> {
    let (db, business) = (desk.db(), desk.id());
    let last = first.saturating_add(6.days());
    let (from, until) = (desk.begin(first), desk.end(last));
    let all = appointments::starting(db, business, from, until, MOST_OF_WEEK).await?;
    let leads = leads::some(db, business, all.iter().map(|it| it.lead_id).collect()).await?;
    let calendar = Calendar::of(&desk.settings, desk.now);
    let length = desk.settings.appointments.length;
    let taken: Vec<TimeRange> = match calendar.range(first, last, length) {
        Some(TimeRange { from, until }) => {
            let booked = appointments::between(db, business, from, until).await?;
            let range =
                |it: &AppointmentRecord| TimeRange { from: it.starts_at, until: it.busy_until };
            booked.iter().map(range).collect()
        }
        None => Vec::new(),
    };
    let rules = &desk.settings.appointments;
    let day = |date: Date| {
        let (begin, end) = (desk.begin(date), desk.end(date));
        let own = all.iter().filter(|it| (begin..end).contains(&it.starts_at));
        let mut hours = rules.hours.on(date.weekday()).to_vec();
        hours.sort_unstable();
        Day {
            date,
            hours: hours.iter().map(|span| span.to_string().replace('-', "–")).collect(),
            day_off: rules.days_off.contains(&date),
            appointments: own.map(|it| appointment(it, &leads)).collect(),
            free: calendar.free_on(date, length, &taken).iter().map(|slot| slot.start).collect(),
        }
    };
    Ok(CalendarPage {
        days: (0..7).map(|days| day(first.saturating_add(days.days()))).collect(),
        has_hours: !rules.hours.is_empty(),
        form,
    })
}

pub(super) fn appointment(
    record: &AppointmentRecord,
    leads: &BTreeMap<LeadId, LeadRecord>,
) -> Appointment {
    Appointment {
        id: record.id.0,
        person: leads.get(&record.lead_id).map(persons::of_lead).unwrap_or_default(),
        starts_at: record.starts_at,
        ends_at: record.ends_at,
        cancelled: record.status == AppointmentStatus::Cancelled,
        notes: record.notes.clone(),
        call: record.call_sid.as_ref().map(ToString::to_string),
    }
}
