//! Hours, clocks that change, what is already taken, and what a model may write.

mod asking;
mod property;
mod starts;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::*;
use crate::business::{BusinessSettings, TimeSpan, Zone};
use crate::ids::{PhoneNumber, Slug};

const HALF_HOUR: Duration = Duration::from_mins(30);

fn business(zone: &str, change: impl FnOnce(&mut Appointments)) -> BusinessSettings {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let mut settings = BusinessSettings::new(Slug::parse("b").unwrap(), "b", vec![number]);
    settings.timezone = Zone::parse(zone).unwrap();
    settings.appointments.min_notice = Duration::ZERO;
    change(&mut settings.appointments);
    settings
}

fn every_day(appointments: &mut Appointments, spans: &[&str]) {
    let spans: Vec<TimeSpan> = spans.iter().map(|span| TimeSpan::parse(span).unwrap()).collect();
    let hours = &mut appointments.hours;
    for day in [
        &mut hours.sunday,
        &mut hours.monday,
        &mut hours.tuesday,
        &mut hours.wednesday,
        &mut hours.thursday,
        &mut hours.friday,
        &mut hours.saturday,
    ] {
        day.clone_from(&spans);
    }
}

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

/// The free slots of a date as the tools write them.
fn written(business: &BusinessSettings, now: &str, on: Date, taken: &[TimeRange]) -> Vec<String> {
    let calendar = Calendar::of(business, at(now));
    let length = business.appointments.length;
    calendar.free_on(on, length, taken).iter().map(|slot| calendar.rfc3339(slot.start)).collect()
}

#[test]
fn cal_2_slots_are_counted_from_each_opening_and_end_before_its_closing() {
    let locks = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["14:15-15:30", "09:00-10:30"]);
        (rules.slot_step, rules.length) = (HALF_HOUR, Duration::from_mins(45));
    });
    assert_eq!(
        written(&locks, "2026-11-20T10:00:00Z", date(2026, 11, 22), &[]),
        [
            "2026-11-22T09:00:00+02:00",
            "2026-11-22T09:30:00+02:00",
            "2026-11-22T14:15:00+02:00",
            "2026-11-22T14:45:00+02:00"
        ]
    );
}

#[test]
fn cal_2_the_buffer_stays_free_on_both_sides_of_what_is_booked() {
    let locks = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["08:00-12:00"]);
        rules.buffer = Duration::from_mins(15);
    });
    let taken = TimeRange { from: at("2026-11-22T08:00:00Z"), until: at("2026-11-22T08:45:00Z") };
    let free = written(&locks, "2026-11-20T10:00:00Z", date(2026, 11, 22), &[taken]);
    let times: Vec<&str> = free.iter().map(|slot| &slot[11..16]).collect();
    assert_eq!(times, ["08:00", "08:30", "09:00", "11:00", "11:30"]);
}

#[test]
fn cal_2_notice_horizon_and_days_off_bound_what_is_free() {
    let locks = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["08:00-10:00"]);
        rules.min_notice = Duration::from_hours(2);
        rules.horizon = Duration::from_hours(24);
        rules.days_off.insert(date(2026, 11, 24));
    });
    let free = |day| written(&locks, "2026-11-22T06:30:00Z", date(2026, 11, day), &[]);
    assert_eq!(free(21), Vec::<String>::new());
    assert_eq!(free(22), Vec::<String>::new(), "08:30 and two hours is past the closing");
    assert_eq!(free(23), ["2026-11-23T08:00:00+02:00", "2026-11-23T08:30:00+02:00"]);
    assert_eq!(free(24), Vec::<String>::new());
    let free = |day| written(&locks, "2026-11-23T04:30:00Z", date(2026, 11, day), &[]);
    assert_eq!(
        free(23),
        ["2026-11-23T08:30:00+02:00", "2026-11-23T09:00:00+02:00", "2026-11-23T09:30:00+02:00"]
    );
    assert_eq!(free(24), Vec::<String>::new(), "a day off");
}

#[test]
fn cal_2_a_day_of_23_hours_has_no_slot_in_the_hour_that_is_skipped() {
    let night = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["00:00-24:00"]);
        rules.slot_step = Duration::from_hours(1);
    });
    let free = written(&night, "2027-03-20T10:00:00Z", date(2027, 3, 26), &[]);
    assert_eq!(free.len(), 23);
    assert_eq!(free[1..3], ["2027-03-26T01:00:00+02:00", "2027-03-26T03:00:00+03:00"]);
    assert_eq!(free[22], "2027-03-26T23:00:00+03:00");
}

#[test]
fn cal_2_a_day_of_25_hours_has_the_hour_that_comes_twice_twice() {
    let night = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["00:00-24:00"]);
        rules.slot_step = Duration::from_hours(1);
    });
    let free = written(&night, "2026-10-20T10:00:00Z", date(2026, 10, 25), &[]);
    assert_eq!(free.len(), 25);
    assert_eq!(free[1..3], ["2026-10-25T01:00:00+03:00", "2026-10-25T01:00:00+02:00"]);
}

#[test]
fn cal_2_hours_that_begin_or_end_where_the_clock_jumps_keep_to_what_it_shows() {
    let open = |hours: &str, on| {
        let night = business("America/New_York", |rules| every_day(rules, &[hours]));
        written(&night, "2026-03-01T10:00:00Z", on, &[])
    };
    // 02:00 to 03:00 is skipped.
    let spring = date(2026, 3, 8);
    assert_eq!(open("02:30-04:00", spring)[0], "2026-03-08T03:00:00-04:00");
    assert_eq!(open("01:00-02:30", spring).len(), 2);
    assert_eq!(open("02:10-02:50", spring), Vec::<String>::new());
    // 01:00 to 02:00 comes twice.
    let far = |rules: &mut Appointments| rules.horizon = Duration::from_hours(24 * 365);
    let open = |hours: &str| {
        let night = business("America/New_York", |rules| {
            every_day(rules, &[hours]);
            far(rules);
        });
        written(&night, "2026-03-01T10:00:00Z", date(2026, 11, 1), &[])
    };
    assert_eq!(open("01:30-03:00")[0], "2026-11-01T01:30:00-05:00");
    assert_eq!(open("00:30-01:30").last().unwrap(), "2026-11-01T01:00:00-04:00");
    assert_eq!(open("01:00-01:30"), ["2026-11-01T01:00:00-04:00"]);
}

#[test]
fn cal_1_the_nearest_slots_to_a_time_of_day_are_offered_in_order() {
    let locks = business("Asia/Jerusalem", |rules| every_day(rules, &["08:00-18:00"]));
    let calendar = Calendar::of(&locks, at("2026-11-20T10:00:00Z"));
    let on = date(2026, 11, 22);
    let taken = TimeRange { from: at("2026-11-22T12:00:00Z"), until: at("2026-11-22T12:30:00Z") };
    let offered = |time| -> Vec<String> {
        let slots = calendar.nearest_on(on, time, HALF_HOUR, &[taken]);
        slots.iter().map(|slot| calendar.rfc3339(slot.start)[11..16].to_owned()).collect()
    };
    assert_eq!(offered(None), ["08:00", "08:30", "09:00"]);
    assert_eq!(offered(Some(jiff::civil::time(14, 0, 0, 0))), ["13:00", "13:30", "14:30"]);
}

#[test]
fn cal_1_the_next_day_that_has_a_slot_is_found_over_closed_and_full_days() {
    let locks = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["08:00-09:00"]);
        rules.hours.saturday.clear();
        rules.days_off.insert(date(2026, 11, 22));
    });
    let calendar = Calendar::of(&locks, at("2026-11-20T10:00:00Z"));
    let taken = TimeRange { from: at("2026-11-23T06:00:00Z"), until: at("2026-11-23T07:00:00Z") };
    let days = (date(2026, 11, 21), date(2026, 12, 5));
    let (found, slots) = calendar.next_free(days, None, HALF_HOUR, &[taken]).unwrap();
    assert_eq!((found, slots.len()), (date(2026, 11, 24), 2));
    let range = calendar.range(days.0, days.1, HALF_HOUR).unwrap();
    assert_eq!(range.from, at("2026-11-23T06:00:00Z"));
    assert_eq!(range.until, at("2026-12-04T07:00:00Z"), "the 5th is a Saturday");
    assert_eq!(calendar.range(days.0, date(2026, 11, 22), HALF_HOUR), None);
}

#[test]
fn cal_2_a_start_that_breaks_a_rule_is_told_which() {
    let locks = business("Asia/Jerusalem", |rules| {
        every_day(rules, &["08:00-12:00", "13:00-18:00"]);
        rules.hours.saturday.clear();
        rules.min_notice = Duration::from_hours(2);
        rules.days_off.insert(date(2026, 11, 24));
    });
    let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
    let fits = |start: &str| calendar.slot_at(at(start), HALF_HOUR);
    assert_eq!(fits("2026-11-22T05:59:59Z"), Err(SlotError::Past));
    assert_eq!(fits("2026-11-22T07:30:00Z"), Err(SlotError::TooSoon));
    assert!(fits("2026-11-22T08:00:00Z").is_ok());
    assert_eq!(fits("2026-11-22T08:10:00Z"), Err(SlotError::BetweenSlots));
    assert_eq!(fits("2026-11-22T10:00:00Z"), Err(SlotError::OutsideHours));
    assert_eq!(
        calendar.slot_at(at("2026-11-22T09:30:00Z"), 2 * HALF_HOUR),
        Err(SlotError::OutsideHours),
        "it would end in the pause"
    );
    assert_eq!(fits("2026-11-24T08:00:00Z"), Err(SlotError::Closed));
    assert_eq!(fits("2026-11-28T08:00:00Z"), Err(SlotError::Closed));
    assert_eq!(fits("2027-11-22T08:00:00Z"), Err(SlotError::TooFar));
}
