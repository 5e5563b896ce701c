//! Today and the calendar.

use console::calendar::{Appointment, BookForm, CalendarPage, Day, Form, VisitForm};
use console::call::CallEnd;
use console::notice::{Notice, Tone};
use console::shell::{Place, Role};
use console::today::{Answering, CallBack, FailedCall, LiveCall, TodayPage, Trouble, Visit, Why};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use protocol::call::EndReason;

use crate::samples::{Sample, World, id, in_minutes, minutes_ago, number, sid, stranger};

pub(super) fn all(of: World) -> Vec<Sample> {
    let today = |name, role, page: TodayPage| Sample {
        name,
        shell: of.shell(Place::Today, role),
        page: Box::new(page),
    };
    let calendar = |name, role, page: CalendarPage| Sample {
        name,
        shell: of.shell(Place::Calendar, role),
        page: Box::new(page),
    };
    let mut trouble =
        today("today-trouble", Role::Viewer, empty(Answering::No { reason: Trouble::Provider }));
    trouble.shell.notices =
        vec![Notice::new(Tone::Good, of.either("הביקור נקבע.", "The visit is booked."))];
    trouble.shell.practice = true;
    let mut without_hours = week(of, None);
    without_hours.has_hours = false;
    for day in &mut without_hours.days {
        (day.hours, day.free, day.appointments) = (Vec::new(), Vec::new(), Vec::new());
    }
    let visit = Form::Visit(VisitForm {
        appointment: appointment(of, 1, at(1, 11, 0), 45),
        start: "2026-11-30T11:00".to_owned(),
        wrong_start: None,
        instead: Vec::new(),
        cancelling: false,
    });
    let taken = Form::Book(BookForm {
        start: "2026-11-30T11:00".to_owned(),
        phone: "050-123-45".to_owned(),
        name: of.either("שרה", "Sarah").to_owned(),
        wrong_start: Some(of.either("המועד הזה כבר תפוס.", "This time is taken.").to_owned()),
        wrong_phone: Some(of.either("חסרות ספרות.", "Digits are missing.").to_owned()),
        instead: vec![at(1, 12, 0), at(1, 14, 30)],
        key: "k".to_owned(),
        ..BookForm::default()
    });
    vec![
        today("today", Role::Business, full(of)),
        today("today-empty", Role::Business, empty(Answering::Yes)),
        today("today-paused", Role::Business, empty(Answering::Paused)),
        trouble,
        calendar("calendar", Role::Business, week(of, None)),
        calendar("calendar-viewer", Role::Viewer, week(of, None)),
        calendar("calendar-visit", Role::Business, week(of, Some(visit))),
        calendar("calendar-book", Role::Business, week(of, Some(taken))),
        calendar("calendar-closed", Role::Business, without_hours),
    ]
}

fn empty(answering: Answering) -> TodayPage {
    TodayPage {
        answering,
        number: number(),
        live: Vec::new(),
        call_back: Vec::new(),
        visits: Vec::new(),
        visits_tomorrow: 0,
        failed: Vec::new(),
        calls_today: 0,
        booked_today: 0,
        leads_today: 0,
        conversations: 0,
    }
}

fn full(of: World) -> TodayPage {
    let wants = of.either("החלפת צילינדר בדלת כניסה", "A new cylinder for the front door");
    let words = of.either(
        "אני נעול מחוץ לבית, כמה זמן לוקח להגיע?",
        "I am locked out, how soon can you come?",
    );
    let back = |number, why, minutes| CallBack {
        lead: id(100 + number),
        person: of.person(number),
        since: minutes_ago(minutes),
        why,
        wants: (why == Why::Complete).then(|| wants.to_owned()),
    };
    let visit = |number, minutes, notes: Option<&str>| Visit {
        id: id(number),
        person: of.person(number),
        starts_at: in_minutes(minutes),
        notes: notes.map(str::to_owned),
    };
    TodayPage {
        live: vec![LiveCall {
            sid: sid(0),
            person: stranger(5),
            since: minutes_ago(2),
            is_test: false,
            last_words: Some((false, words.to_owned())),
        }],
        call_back: vec![
            back(1, Why::Complete, 12),
            back(2, Why::Failed, 50),
            back(3, Why::HungUp, 190),
            back(4, Why::Paused, 200),
        ],
        visits: vec![visit(4, -90, None), visit(1, 30, Some(wants)), visit(2, 210, None)],
        visits_tomorrow: 2,
        failed: vec![FailedCall {
            sid: sid(2),
            person: of.person(2),
            at: minutes_ago(50),
            end: CallEnd(EndReason::UpstreamFailed),
        }],
        calls_today: 14,
        booked_today: 3,
        leads_today: 6,
        conversations: 2,
        ..empty(Answering::Yes)
    }
}

const SUNDAY: Date = date(2026, 11, 29);

/// A moment of the week, in Jerusalem's winter time.
fn at(day: i64, hour: i8, minute: i8) -> Timestamp {
    let local = SUNDAY.saturating_add(day.days()).at(hour, minute, 0, 0);
    local.in_tz("Asia/Jerusalem").map(|zoned| zoned.timestamp()).unwrap_or_default()
}

fn appointment(of: World, number: u8, starts_at: Timestamp, minutes: i64) -> Appointment {
    Appointment {
        id: id(number),
        person: of.person(number),
        starts_at,
        ends_at: starts_at.saturating_add(minutes.minutes()).unwrap_or(starts_at),
        cancelled: false,
        notes: (number % 2 == 1)
            .then(|| of.either("דיזנגוף 99, קומה 3", "99 Dizengoff St, floor 3").to_owned()),
        call: Some(sid(number)),
    }
}

fn week(of: World, form: Option<Form>) -> CalendarPage {
    let mut days: Vec<Day> = (0..7)
        .map(|day| {
            let open = day < 5;
            let free = [(8, 0), (9, 30), (12, 0), (14, 30), (15, 0), (17, 30)];
            let free = free.iter().map(|(hour, minute)| at(day, *hour, *minute));
            Day {
                date: SUNDAY.saturating_add(day.days()),
                hours: match day {
                    6 => Vec::new(),
                    5 => vec!["08:00–13:00".to_owned()],
                    _ => vec!["08:00–13:00".to_owned(), "14:00–19:00".to_owned()],
                },
                day_off: day == 3,
                appointments: Vec::new(),
                free: if open && day != 3 {
                    free.filter(|at| *at > minutes_ago(0)).collect()
                } else {
                    Vec::new()
                },
            }
        })
        .collect();
    let mut cancelled = appointment(of, 3, at(2, 10, 0), 45);
    cancelled.cancelled = true;
    days[0].appointments =
        vec![appointment(of, 0, at(0, 8, 0), 60), appointment(of, 1, at(0, 11, 0), 45)];
    days[1].appointments =
        vec![appointment(of, 2, at(1, 10, 45), 75), appointment(of, 3, at(1, 16, 0), 45)];
    days[2].appointments = vec![cancelled];
    days[4].appointments =
        vec![Appointment { person: stranger(8), ..appointment(of, 4, at(4, 18, 0), 60) }];
    CalendarPage { days, has_hours: true, form }
}
