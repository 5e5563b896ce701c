//! The moment that a written start means (CAL-7).

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Reads `slot_start` for a business in `zone`, in a conversation that has offered these starts.
fn read(zone: &str, start: &str, offered: &[&str]) -> Result<Timestamp, UnclearStart> {
    let offered = offered.iter().map(|one| at(one)).collect();
    by(zone, start, &Writer::Model { offered })
}

fn by(zone: &str, start: &str, writer: &Writer) -> Result<Timestamp, UnclearStart> {
    let business = business(zone, |rules| every_day(rules, &["08:00-18:00"]));
    let calendar = Calendar::of(&business, at("2026-03-01T06:00:00Z"));
    let arguments = json!({ "slot_start": start }).to_string();
    match CalendarArguments::read(CalendarTool::Create, &arguments, &calendar, writer).unwrap() {
        CalendarArguments::Create { start, .. } => start,
        other @ (CalendarArguments::Find { .. }
        | CalendarArguments::Reschedule { .. }
        | CalendarArguments::Cancel(_)) => panic!("{other:?}"),
    }
}

const JERUSALEM: &str = "Asia/Jerusalem";

fn meant(read: Result<Timestamp, UnclearStart>, why: Unclear) -> Vec<String> {
    let unclear = read.unwrap_err();
    assert_eq!(unclear.why, why);
    unclear.meant.iter().map(Timestamp::to_string).collect()
}

#[test]
fn cal_7_a_start_without_an_offset_is_local_time() {
    for start in ["2026-11-25T10:00", "2026-11-25T10:00:00", "2026-11-25 10:00"] {
        assert_eq!(read(JERUSALEM, start, &[]), Ok(at("2026-11-25T08:00:00Z")), "{start}");
    }
}

#[test]
fn cal_7_the_businesss_own_offset_is_taken_as_it_is_written() {
    for (zone, start) in [
        (JERUSALEM, "2026-11-25T10:00:00+02:00"),
        (JERUSALEM, "2026-07-25T10:00:00+03:00"),
        (JERUSALEM, "2026-11-25T10:00:00[Asia/Jerusalem]"),
        ("Europe/London", "2026-11-25T10:00:00Z"),
        ("Europe/London", "2026-11-25T10:00:00+00:00"),
        ("Asia/Kolkata", "2026-11-25T10:00:00+05:30"),
    ] {
        let zoned = read(zone, start, &[]).expect(start);
        let shown = zoned.in_tz(zone).unwrap();
        assert_eq!(shown.strftime("%H:%M").to_string(), "10:00", "{start}");
    }
}

#[test]
fn cal_7_another_offset_counts_only_if_just_that_instant_was_offered() {
    let (ten, noon) = ("2026-11-25T10:00:00+02:00", "2026-11-25T12:00:00+02:00");
    for start in [
        "2026-11-25T10:00:00Z",
        "2026-11-25T10:00:00+00:00",
        "2026-11-25T11:00:00+01:00",
        "2026-11-25T10:00:00[Europe/London]",
    ] {
        assert_eq!(read(JERUSALEM, start, &[noon]), Ok(at(noon)), "{start}");
    }
    let zulu = "2026-11-25T10:00:00Z";
    let both = meant(read(JERUSALEM, zulu, &[ten, noon]), Unclear::Offset);
    assert_eq!(both, ["2026-11-25T08:00:00Z", "2026-11-25T10:00:00Z"]);
    let clock = meant(read(JERUSALEM, zulu, &[ten]), Unclear::Offset);
    assert_eq!(clock, ["2026-11-25T08:00:00Z"]);
    let neither = meant(read(JERUSALEM, zulu, &[]), Unclear::Offset);
    assert_eq!(neither, both, "by the clock first, then by the offset");
    // The summer's offset in winter is a foreign one.
    let summer = meant(read(JERUSALEM, "2026-11-25T10:00:00+03:00", &[ten]), Unclear::Offset);
    assert_eq!(summer, clock);
}

#[test]
fn cal_7_a_program_means_the_offset_that_it_writes() {
    let zulu = by(JERUSALEM, "2026-11-25T10:00:00Z", &Writer::Program);
    assert_eq!(zulu, Ok(at("2026-11-25T10:00:00Z")));
}

#[test]
fn cal_2_a_start_at_the_end_of_the_calendar_is_beyond_the_horizon_or_past_and_never_skipped() {
    for zone in [JERUSALEM, "America/New_York", "Pacific/Kiritimati", "UTC"] {
        for (text, expected) in [
            ("9999-12-31T10:00", SlotError::TooFar),
            ("9999-12-31T23:59:59", SlotError::TooFar),
            ("9999-12-31T23:00:00-05:00", SlotError::TooFar),
            ("9999-12-31T23:00:00Z", SlotError::TooFar),
            ("+009999-12-31T10:00", SlotError::TooFar),
            ("9999-12-30T10:00", SlotError::TooFar),
            ("2999-01-01T10:00", SlotError::TooFar),
            ("0001-01-01T10:00", SlotError::Past),
            ("0000-01-01T10:00", SlotError::Past),
            ("-000044-03-15T10:00", SlotError::Past),
            ("-009999-01-01T00:00", SlotError::Past),
            ("-009999-01-01T00:00:00+23:00", SlotError::Past),
        ] {
            for writer in [Writer::Program, Writer::Model { offered: [].into() }] {
                let start = match by(zone, text, &writer) {
                    Ok(start) => start,
                    // The offset is not the zone's: the model is asked which moment it means.
                    Err(unclear) if unclear.why == Unclear::Offset => continue,
                    Err(unclear) => panic!("{text} in {zone}: {unclear:?}"),
                };
                let business = business(zone, |rules| every_day(rules, &["08:00-18:00"]));
                let calendar = Calendar::of(&business, at("2026-11-25T10:00:00Z"));
                let refused = calendar.slot_at(start, business.appointments.length);
                assert_eq!(refused, Err(expected), "{text} in {zone}");
            }
        }
    }
}

#[test]
fn cal_7_local_times_that_the_clocks_skip_or_double_are_unclear_and_with_an_offset_they_are_not() {
    for (zone, skipped) in [
        (JERUSALEM, "2026-03-27T02:30"),
        ("America/New_York", "2026-03-08T02:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15"),
        ("Africa/Cairo", "2026-04-24T00:30"),
    ] {
        for writer in [Writer::Program, Writer::Model { offered: [].into() }] {
            let none = meant(by(zone, skipped, &writer), Unclear::Skipped);
            assert!(none.is_empty(), "{zone}");
        }
    }
    for (zone, doubled, times) in [
        (JERUSALEM, "2026-10-25T01:30", ["2026-10-24T22:30:00Z", "2026-10-24T23:30:00Z"]),
        ("America/New_York", "2026-11-01T01:00", ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"]),
        (
            "Australia/Lord_Howe",
            "2026-04-05T01:45",
            ["2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"],
        ),
    ] {
        assert_eq!(meant(read(zone, doubled, &times[..1]), Unclear::Doubled), times, "{zone}");
        for time in times {
            let written = at(time).in_tz(zone).unwrap().strftime("%Y-%m-%dT%H:%M:%S%:z");
            assert_eq!(read(zone, &written.to_string(), &[]), Ok(at(time)), "{written}");
        }
    }
    // The hours beside the change are clear.
    for (beside, moment) in [
        ("2026-03-27T01:59", "2026-03-26T23:59:00Z"),
        ("2026-03-27T03:00", "2026-03-27T00:00:00Z"),
        ("2026-10-25T02:00", "2026-10-25T00:00:00Z"),
        ("2026-10-25T00:59", "2026-10-24T21:59:00Z"),
    ] {
        assert_eq!(read(JERUSALEM, beside, &[]), Ok(at(moment)), "{beside}");
    }
}

#[test]
fn cal_7_a_foreign_offset_whose_clock_reading_is_doubled_offers_both_of_its_times() {
    let readings = meant(read(JERUSALEM, "2026-10-25T01:30:00Z", &[]), Unclear::Offset);
    assert_eq!(readings, ["2026-10-24T22:30:00Z", "2026-10-24T23:30:00Z", "2026-10-25T01:30:00Z"]);
}

proptest! {
    /// Whatever offset is written: what is booked was either meant by the clock and the business's own
    /// offset, or was offered while its clock reading was not.
    #[test]
    fn cal_7_what_is_booked_shows_the_clock_that_was_written_or_was_offered(
        hour in 0..24_i8,
        offset in -12..14_i8,
        offered in prop::collection::vec(0..48_i64, 0..4),
    ) {
        let midnight = at("2026-11-24T22:00:00Z");
        let offered: std::sync::Arc<[Timestamp]> =
            offered.iter().map(|hours| midnight + jiff::SignedDuration::from_hours(*hours)).collect();
        let start = format!("2026-11-25T{hour:02}:00:00{offset:+03}:00");
        let clock = midnight + jiff::SignedDuration::from_hours(hour.into());
        match by(JERUSALEM, &start, &Writer::Model { offered: std::sync::Arc::clone(&offered) }) {
            Ok(moment) => {
                prop_assert_eq!(moment, at(&start));
                let just_offered = offered.contains(&moment) && !offered.contains(&clock);
                prop_assert!(offset == 2 || just_offered);
            }
            Err(unclear) => {
                prop_assert_ne!(offset, 2);
                prop_assert!(unclear.meant.iter().all(|one| *one == clock || *one == at(&start)));
                prop_assert!(!unclear.meant.is_empty());
            }
        }
    }
}
