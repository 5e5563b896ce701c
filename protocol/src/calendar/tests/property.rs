//! Any rules, in five zones, over ten years.

use proptest::prelude::*;

use super::*;

const ZONES: [&str; 5] =
    ["Asia/Jerusalem", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Europe/London"];

/// From 2020 to 2029: each day, and a second of it.
fn moment() -> impl Strategy<Value = (i64, i32)> {
    (0..3650_i64, 0..86_400_i32)
}

fn span() -> impl Strategy<Value = (u16, u16)> {
    (0..1440_u16, 10..900_u16).prop_map(|(open, length)| (open, (open + length).min(1440)))
}

fn minutes(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn cal_2_invariant_12_a_slot_never_overlaps_leaves_its_span_or_lies_in_the_past(
        zone in prop::sample::select(&ZONES[..]),
        (day, second) in moment(),
        ahead in 0..4_i64,
        (first, second_span) in (span(), span()),
        (step, length, buffer) in (1..120_u64, 1..180_u64, 0..60_u64),
        notice in 0..600_u64,
        booked in prop::collection::vec((0..3000_i64, 1..240_i64), 0..8),
    ) {
        let minute = Duration::from_mins;
        let spans = if first.1 <= second_span.0 { vec![first, second_span] } else { vec![first] };
        let spans: Vec<String> = spans.into_iter()
            .map(|(open, close)| format!("{}-{}", minutes(open), minutes(close)))
            .collect();
        let rules = business(zone, |rules| {
            every_day(rules, &spans.iter().map(String::as_str).collect::<Vec<_>>());
            (rules.slot_step, rules.length) = (minute(step), minute(length));
            (rules.buffer, rules.min_notice) = (minute(buffer), minute(notice));
        });
        let now = at("2020-01-01T00:00:00Z")
            .saturating_add(jiff::SignedDuration::from_secs(day * 86_400 + i64::from(second)))
            .unwrap();
        let calendar = Calendar::of(&rules, now);
        let on = calendar.today().saturating_add(jiff::Span::new().days(ahead));
        let taken: Vec<TimeRange> = booked.iter().map(|(from, length)| {
            let from = now + jiff::SignedDuration::from_mins(*from);
            TimeRange { from, until: from + jiff::SignedDuration::from_mins(*length) }
        }).collect();

        let free = calendar.free_on(on, minute(length), &taken);
        prop_assert!(free.windows(2).all(|pair| pair[0].start < pair[1].start), "in order, once");
        for slot in &free {
            prop_assert!(slot.start >= now + minute(notice), "never in the past");
            prop_assert!(slot.start <= now + rules.appointments.horizon);
            prop_assert_eq!(slot.end, slot.start + minute(length));
            prop_assert_eq!(slot.busy_until, slot.end + minute(buffer));
            for other in &taken {
                prop_assert!(other.until <= slot.start || slot.busy_until <= other.from, "overlap");
            }
            // Never outside its span, by the clock on the wall, at either end or between.
            let shows = |moment: Timestamp| moment.to_zoned(calendar.zone().clone()).datetime();
            let last = slot.end - jiff::SignedDuration::from_nanos(1);
            let middle = slot.start + minute(length) / 2;
            let spans = rules.appointments.hours.on(on.weekday());
            let within = spans.iter().any(|span| {
                [slot.start, middle, last].into_iter().all(|moment| {
                    let shown = shows(moment);
                    span.opens(on) <= shown && shown < span.closes(on)
                })
            });
            prop_assert!(within, "{:?} leaves {:?}", shows(slot.start), spans);
            prop_assert_eq!(calendar.date_of(slot.start), on);
            prop_assert_eq!(calendar.slot_at(slot.start, minute(length)), Ok(*slot));
            prop_assert_eq!(at(&calendar.rfc3339(slot.start)), slot.start);
        }
        // Every slot lies in the range whose appointments are asked for.
        if let Some(range) = calendar.range(on, on, minute(length)) {
            prop_assert!(free.iter().all(|s| range.from <= s.start && s.busy_until <= range.until));
        } else {
            prop_assert!(free.is_empty());
        }
        let nearest = calendar.nearest_on(on, None, minute(length), &taken);
        prop_assert_eq!(&nearest[..], &free[..free.len().min(MAX_OFFERED)]);
    }

    #[test]
    fn cal_2_a_whole_day_has_as_many_hours_as_the_clocks_give_it(
        zone in prop::sample::select(&ZONES[..]),
        day in 0..3650_i32,
    ) {
        let rules = business(zone, |rules| {
            every_day(rules, &["00:00-24:00"]);
            (rules.slot_step, rules.length) = (HALF_HOUR, HALF_HOUR);
        });
        let on = date(2020, 1, 1).saturating_add(jiff::Span::new().days(day));
        let tz = rules.timezone.rules();
        let midnight = on.to_zoned(tz.clone()).unwrap();
        let next = on.tomorrow().unwrap().to_zoned(tz.clone()).unwrap();
        let now = midnight.timestamp() - jiff::SignedDuration::from_hours(1);
        let half_hours = next.timestamp().duration_since(midnight.timestamp()).as_mins() / 30;
        let free = Calendar::of(&rules, now).free_on(on, HALF_HOUR, &[]);
        prop_assert_eq!(i64::try_from(free.len()).unwrap(), half_hours);
    }

    #[test]
    fn cal_1_no_text_from_the_model_panics_the_calendar(text in ".{0,40}", day in 0..400_u16) {
        let locks = business("Asia/Jerusalem", |rules| every_day(rules, &["08:00-18:00"]));
        let calendar = Calendar::of(&locks, at("2026-11-22T06:00:00Z"));
        for text in [text.clone(), format!("2026-{:02}-{:02}{text}", day % 14, day % 33)] {
            let arguments = serde_json::json!({ "date_iso": text, "slot_start": text, "from_start": text });
            for tool in CalendarTool::ALL {
                let writer = Writer::Model { offered: [].into() };
                let arguments = arguments.to_string();
                let _ = CalendarArguments::read(tool, &arguments, &calendar, &writer);
                let _ = CalendarArguments::read(tool, &text, &calendar, &writer);
            }
        }
    }
}
