//! The arguments that a model may write, and the outputs that it reads.

use jiff::civil::time;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::business::Language;
use crate::text::Flaw;

fn locks() -> BusinessSettings {
    business("Asia/Jerusalem", |rules| {
        every_day(rules, &["08:00-18:00"]);
        rules.min_notice = Duration::from_hours(2);
    })
}

fn read(tool: CalendarTool, arguments: &Value) -> Result<CalendarArguments, CalendarError> {
    let locks = locks();
    CalendarArguments::read(
        tool,
        &arguments.to_string(),
        &Calendar::of(&locks, at("2026-11-22T06:00:00Z")),
        &Writer::Program,
    )
}

fn find(date_iso: &str) -> Result<CalendarArguments, CalendarError> {
    read(CalendarTool::Find, &json!({ "date_iso": date_iso }))
}

fn unclear(why: Unclear) -> CalendarError {
    let clock = date(2026, 11, 25).at(10, 0, 0, 0);
    CalendarError::Unclear(UnclearStart { why, clock, meant: Vec::new() })
}

/// What a refusal is answered with.
fn refused(language: &Language, error: &CalendarError) -> Value {
    let locks = locks();
    let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
    let arguments = r#"{"business_id":"x"}"#;
    let reply = ReplyWriter::new(&calendar, language, CalendarTool::Find, arguments);
    serde_json::from_str(&reply.refused(error, None).output).unwrap()
}

#[test]
fn cal_1_a_date_may_carry_a_time_of_day_and_an_offset() {
    let asked = |text: &str| {
        let Ok(CalendarArguments::Find { around, length }) = find(text) else { panic!("{text}") };
        assert_eq!(length, HALF_HOUR);
        (around.date, around.time)
    };
    let day = date(2026, 11, 25);
    assert_eq!(asked("2026-11-25"), (day, None));
    for text in [
        "2026-11-25T10:30",
        "2026-11-25 10:30:00",
        "2026-11-25T10:30:00+02:00",
        "2026-11-25T08:30:00Z",
        " 2026-11-25T10:30 ",
    ] {
        assert_eq!(asked(text), (day, Some(time(10, 30, 0, 0))), "{text}");
    }
    assert_eq!(asked("2026-11-24T23:30:00Z").0, day, "the business's date");
}

#[test]
fn cal_1_dates_without_a_year_in_the_past_or_too_far_are_refused_by_kind() {
    for text in ["25-11", "--11-25", "25.11", "25/11", "11-25T10:00", "3.12."] {
        assert_eq!(
            find(text),
            Err(CalendarError::Date("date_iso", DateParseError::NoYear)),
            "{text}"
        );
    }
    for text in ["tomorrow", "מחר", "25.11.2026", "2026-13-01", "2026-02-30", "2026"] {
        assert_eq!(
            find(text),
            Err(CalendarError::Date("date_iso", DateParseError::NotADate)),
            "{text}"
        );
    }
    assert_eq!(find("2026-11-21"), Err(CalendarError::PastDate));
    assert_eq!(find("2024-11-25"), Err(CalendarError::PastDate));
    assert_eq!(find("2027-11-25"), Err(CalendarError::FarDate { last: date(2027, 1, 21) }));
    assert_eq!(find(""), Err(CalendarError::Missing("date_iso")));
}

#[test]
fn cal_1_a_start_needs_a_time_of_day_and_is_the_businesss_own_time_without_an_offset() {
    let create =
        |start: &str| read(CalendarTool::Create, &json!({ "slot_start": start, "notes": " " }));
    let expected = |start: &str| {
        let (start, length) = (Ok(at(start)), HALF_HOUR);
        Ok(CalendarArguments::Create { start, length, notes: None, additional: false })
    };
    assert_eq!(create("2026-11-25T10:30"), expected("2026-11-25T08:30:00Z"));
    assert_eq!(create("2026-11-25T10:30:00+02:00"), expected("2026-11-25T08:30:00Z"));
    assert_eq!(
        create("2026-11-25"),
        Err(CalendarError::Date("slot_start", DateParseError::NoTime))
    );
    assert_eq!(create("10:30"), Err(CalendarError::Date("slot_start", DateParseError::NotADate)));
}

#[test]
fn cal_1_lengths_notes_and_broken_arguments_are_checked() {
    let length = |value: Value| match read(
        CalendarTool::Find,
        &json!({ "date_iso": "2026-11-25", "duration_min": value }),
    ) {
        Ok(CalendarArguments::Find { length, .. }) => Ok(length.as_secs() / 60),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(length(json!(45)), Ok(45));
    assert_eq!(length(json!("45")), Ok(45));
    assert_eq!(length(Value::Null), Ok(30));
    for wrong in [json!(0), json!(-30), json!(1441), json!(7.5), json!("long"), json!([30])] {
        assert_eq!(length(wrong), Err(CalendarError::Length));
    }
    assert_eq!(
        read(CalendarTool::Create, &json!({ "slot_start": 10 })),
        Err(CalendarError::Wrong("slot_start"))
    );
    assert_eq!(read(CalendarTool::Create, &json!([])), Err(CalendarError::Arguments));
}

#[test]
fn cal_1_notes_keep_their_lines_and_are_refused_with_what_is_wrong() {
    let noted = |notes: &str| {
        let wanted = json!({ "slot_start": "2026-11-25T10:30", "notes": notes });
        match read(CalendarTool::Create, &wanted) {
            Ok(CalendarArguments::Create { notes, .. }) => Ok(notes.unwrap_or_default()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        }
    };
    assert_eq!(noted("קומה 3\nדלת כחולה").as_deref(), Ok("קומה 3\nדלת כחולה"));
    assert_eq!(noted("floor 3\r\nblue door").as_deref(), Ok("floor 3\nblue door"));
    for mark in ['\u{0}', '\u{7}', '\u{1B}', '\t', '\u{9F}'] {
        let flaw = CalendarError::Text("notes", Flaw::Control(mark));
        assert_eq!(noted(&format!("a{mark}b")), Err(flaw.clone()), "{mark:?}");
        let output = refused(&Language::ENGLISH, &flaw);
        let hint = output["hint"].as_str().unwrap();
        assert!(hint.starts_with("notes holds the control character U+00"), "{hint}");
        assert_eq!(output["error"], "wrong_argument");
        assert!(!output["say"].as_str().unwrap().contains("date"), "{output}");
    }
    let long = CalendarError::Text("notes", Flaw::TooLong(2000));
    assert_eq!(noted(&"x".repeat(2001)), Err(long));
    assert!(noted(&"ש".repeat(2000)).is_ok());
}

#[test]
fn cal_6_whether_an_appointment_is_an_additional_one_is_yes_no_or_unsaid() {
    let additional = |value: Value| {
        let wanted = json!({ "slot_start": "2026-11-25T10:30", "additional": value });
        match read(CalendarTool::Create, &wanted) {
            Ok(CalendarArguments::Create { additional, .. }) => Ok(additional),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        }
    };
    for yes in [json!(true), json!("true"), json!(" True ")] {
        assert_eq!(additional(yes), Ok(true));
    }
    for no in [json!(false), json!("false"), json!(""), Value::Null] {
        assert_eq!(additional(no), Ok(false));
    }
    for unclear in [json!(1), json!("maybe"), json!([true]), json!({})] {
        assert_eq!(additional(unclear), Err(CalendarError::NotYesOrNo("additional")));
    }
}

#[test]
fn cal_1_cal_6_an_appointment_is_named_by_its_id_its_start_or_both() {
    let id = Uuid::from_u128(7);
    let start = "2026-11-25T10:30";
    let starts = vec![at("2026-11-25T08:30:00Z")];
    let (none, by_id, by_start) = (
        AppointmentKey::Unsaid,
        AppointmentKey::Named { id: Some(id), starts: Vec::new() },
        AppointmentKey::Named { id: None, starts: starts.clone() },
    );
    let both = AppointmentKey::Named { id: Some(id), starts };
    let unknown = AppointmentKey::Named { id: None, starts: Vec::new() };
    for (tool, name) in
        [(CalendarTool::Cancel, "slot_start"), (CalendarTool::Reschedule, "from_start")]
    {
        let which = |id: Value, start: Value| {
            let mut arguments = json!({ "slot_start": "2026-11-25T12:00" });
            arguments["appointment_id"] = id;
            arguments[name] = start;
            match read(tool, &arguments) {
                Ok(CalendarArguments::Cancel(which)) => Ok(which),
                Ok(CalendarArguments::Reschedule { which, to }) => {
                    assert_eq!(to, Ok(at("2026-11-25T10:00:00Z")));
                    Ok(which)
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error),
            }
        };
        let text = id.to_string();
        assert_eq!(which(json!(text), Value::Null), Ok(by_id.clone()));
        assert_eq!(which(Value::Null, json!(start)), Ok(by_start.clone()));
        assert_eq!(which(json!(text), json!(start)), Ok(both.clone()));
        assert_eq!(which(json!("the first"), json!(start)), Ok(by_start.clone()));
        assert_eq!(which(json!("the first"), Value::Null), Ok(unknown.clone()));
        assert_eq!(which(json!(text), json!("tomorrow")), Ok(by_id.clone()));
        assert_eq!(which(Value::Null, Value::Null), Ok(none.clone()));
        let unreadable = CalendarError::Date(name, DateParseError::NotADate);
        assert_eq!(which(Value::Null, json!("tomorrow")), Err(unreadable));
    }
    let nowhere = read(CalendarTool::Reschedule, &json!({ "appointment_id": id.to_string() }));
    assert_eq!(nowhere, Err(CalendarError::Missing("slot_start")));
}

#[test]
fn cal_1_a_booking_is_answered_with_the_sentence_the_caller_is_told() {
    let locks = locks();
    let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
    let start = at("2026-11-25T08:30:00Z");
    let booked =
        BookedAppointment { id: Uuid::from_u128(7), start, end: at("2026-11-25T09:15:00Z") };
    let booked = CalendarOutcome::Booked(booked);
    let said = |language| -> Value {
        let reply = ReplyWriter::new(&calendar, &language, CalendarTool::Create, "{}");
        serde_json::from_str(&reply.write(&booked).output).unwrap()
    };
    let hebrew = said(Language::HEBREW);
    assert_eq!(
        hebrew["say"],
        "קבעתי פגישה ללקוח בתאריך 25 בנובמבר 2026 בשעה 10:30, זה מאושר ביומן."
    );
    assert_eq!(hebrew["slot_start"], "2026-11-25T10:30:00+02:00");
    assert_eq!(hebrew["duration_min"], 45);
    assert_eq!(hebrew["ignored"], Value::Null);
    assert_eq!(
        said(Language::ENGLISH)["say"],
        "The appointment is booked for 25 November 2026 at 10:30; it is in the calendar."
    );
}

#[test]
fn cal_1_slots_are_offered_in_one_sentence_that_names_another_day_as_another() {
    let locks = locks();
    let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
    let day = date(2026, 11, 25);
    let slots = calendar.nearest_on(day, None, HALF_HOUR, &[]);
    let free = FreeSlots { date: day, slots };
    let reply = ReplyWriter::new(&calendar, &Language::HEBREW, CalendarTool::Find, "{}");
    let offered = |requested| -> Value {
        let outcome = CalendarOutcome::Offered { requested, free: free.clone() };
        serde_json::from_str(&reply.write(&outcome).output).unwrap()
    };
    let outcome = CalendarOutcome::Offered { requested: day, free: free.clone() };
    let starts: Vec<Timestamp> = free.slots.iter().map(|slot| slot.start).collect();
    assert_eq!(reply.write(&outcome).offered, starts, "CAL-7");
    let taken = reply.refused(&CalendarError::Taken, Some(&free));
    assert_eq!(taken.offered, starts, "what is offered instead is offered too");
    let other = offered(date(2026, 11, 24));
    let offered = offered(day);
    assert_eq!(offered["say"], "ביום רביעי, 25 בנובמבר פנוי בשעה 08:00, 08:30 או 09:00. מה מתאים?");
    assert_eq!(offered["slots"][1], "2026-11-25T08:30:00+02:00");
    let said = other["say"].as_str().unwrap();
    assert!(said.starts_with("אין מועד פנוי ביום שלישי, 24 בנובמבר. ביום רביעי"), "{said}");
    assert_eq!(other["asked_date_is_free"], false);
}

#[test]
fn cal_6_a_move_is_answered_with_the_new_time_and_the_old_one() {
    let locks = locks();
    let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
    let (start, end) = (at("2026-11-25T07:00:00Z"), at("2026-11-25T07:45:00Z"));
    let to = BookedAppointment { id: Uuid::from_u128(7), start, end };
    let moved = CalendarOutcome::Moved { from: at("2026-11-25T08:30:00Z"), to };
    let said = |language| -> Value {
        let reply = ReplyWriter::new(&calendar, &language, CalendarTool::Reschedule, "{}");
        serde_json::from_str(&reply.write(&moved).output).unwrap()
    };
    let hebrew = said(Language::HEBREW);
    assert_eq!(
        hebrew["say"],
        "העברתי את הפגישה לתאריך 25 בנובמבר 2026 בשעה 09:00, זה מאושר ביומן."
    );
    assert_eq!(hebrew["slot_start"], "2026-11-25T09:00:00+02:00");
    assert_eq!(hebrew["moved_from"], "2026-11-25T10:30:00+02:00");
    assert_eq!((&hebrew["ok"], &hebrew["duration_min"]), (&json!(true), &json!(45)));
    assert_eq!(
        said(Language::ENGLISH)["say"],
        "The appointment is moved to 25 November 2026 at 09:00; it is in the calendar."
    );
}

#[test]
fn cal_6_what_is_not_done_is_answered_with_the_leads_own_appointments() {
    let locks = locks();
    let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
    let one = |start: &str, end: &str| {
        let (start, end) = (at(start), at(end));
        BookedAppointment { id: Uuid::from_u128(7), start, end }
    };
    let ten = one("2026-11-25T08:00:00Z", "2026-11-25T08:30:00Z");
    let noon = one("2026-11-26T10:00:00Z", "2026-11-26T10:30:00Z");
    let said = |why: CalendarError, held: &[BookedAppointment], language| -> Value {
        let reply = ReplyWriter::new(&calendar, &language, CalendarTool::Create, "{}");
        let outcome = reply.write(&CalendarOutcome::Mine { why, held: held.to_vec() });
        assert!(!outcome.succeeded && outcome.offered.is_empty());
        serde_json::from_str(&outcome.output).unwrap()
    };
    let held = said(CalendarError::AlreadyHolds, &[ten], Language::ENGLISH);
    assert_eq!(held["error"], "already_booked");
    assert_eq!(held["appointments"][0]["slot_start"], "2026-11-25T10:00:00+02:00");
    assert_eq!(
        held["say"],
        "You have an appointment on Wednesday, 25 November at 10:00. Shall I move it, or book another \
         one as well?"
    );
    assert!(held["hint"].as_str().unwrap().contains("reschedule_appointment"), "{held}");
    assert_eq!(
        said(CalendarError::Which, &[ten, noon], Language::HEBREW)["say"],
        "ביומן יש לך פגישה ביום רביעי, 25 בנובמבר בשעה 10:00, וגם ביום חמישי, 26 בנובמבר בשעה 12:00. \
         לאיזו פגישה הכוונה?"
    );
    let nothing = said(CalendarError::NoSuchAppointment, &[], Language::ENGLISH);
    assert_eq!(nothing["say"], "I found no such appointment in the calendar.");
    assert_eq!(nothing["appointments"], json!([]));
}

#[test]
fn lead_3_what_is_no_argument_is_passed_over_and_named() {
    let refused = refused(&Language::ENGLISH, &CalendarError::Taken);
    assert_eq!(refused["ignored"], json!(["business_id"]));
    assert_eq!(refused["ok"], false);
}

#[test]
fn cal_1_every_refusal_has_a_code_and_a_sentence_in_both_languages() {
    let rules = [
        SlotError::Past,
        SlotError::TooSoon,
        SlotError::TooFar,
        SlotError::Closed,
        SlotError::OutsideHours,
        SlotError::BetweenSlots,
    ];
    let others = [
        CalendarError::Arguments,
        CalendarError::Missing("date_iso"),
        CalendarError::Date("date_iso", DateParseError::NoYear),
        CalendarError::Length,
        CalendarError::Text("notes", Flaw::TooLong(2000)),
        CalendarError::PastDate,
        CalendarError::FarDate { last: date(2027, 1, 1) },
        CalendarError::NotYesOrNo("additional"),
        unclear(Unclear::Offset),
        unclear(Unclear::Skipped),
        unclear(Unclear::Doubled),
        CalendarError::Taken,
        CalendarError::NothingFree,
        CalendarError::AlreadyHolds,
        CalendarError::Which,
        CalendarError::NoSuchAppointment,
        CalendarError::Over,
        CalendarError::Cancelled,
        CalendarError::Busy,
        CalendarError::Failed,
        CalendarError::TooLate,
    ];
    for error in rules.map(CalendarError::Slot).into_iter().chain(others) {
        let [hebrew, english] =
            [Language::HEBREW, Language::ENGLISH].map(|language| refused(&language, &error));
        let said = |answer: &Value| answer["say"].as_str().unwrap().to_owned();
        assert!(said(&hebrew).chars().any(|letter| ('א'..='ת').contains(&letter)), "{hebrew}");
        assert!(said(&english).is_ascii() && !said(&english).is_empty(), "{english}");
        assert!(
            hebrew["error"].as_str().unwrap().chars().all(|c| c.is_ascii_lowercase() || c == '_')
        );
    }
    assert!(
        refused(&Language::HEBREW, &CalendarError::PastDate)["hint"]
            .as_str()
            .unwrap()
            .contains("2026-11-22")
    );
}
