//! Starts with a foreign offset, and local times that the clocks skip or double (CAL-7).

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_7_a_slot_that_is_booked_with_z_for_its_offset_is_refused_with_the_slot_that_was_meant()
{
    let world = world_on("sqlite::memory:").await;
    let mut person = Person::new(&world, 1).await;
    let slot = person.finds(&format!("{}T10:00", ahead(&world, 3))).await.remove(0);
    let starts: Vec<Timestamp> = vec![slot.parse().unwrap()];
    person.offered = starts.clone().into();
    let zulu = format!("{}Z", &slot[..19]);
    for tool in [CalendarTool::Create, CalendarTool::Reschedule] {
        if tool == CalendarTool::Reschedule {
            let noon = person.finds(&format!("{}T23:00", &slot[..10])).await.remove(0);
            person.books(&noon).await;
        }
        let answer = person.uses(tool, "call_2", json!({ "slot_start": zulu })).await;
        assert_eq!(answer["error"], "foreign_offset", "{answer}");
        assert_eq!(answer["slots"], json!([slot]), "{answer}");
        assert!(answer["say"].as_str().unwrap().contains(&slot[11..16]), "{answer}");
    }
    // Just that instant was offered: it is what was chosen.
    let instant = starts[0].to_string();
    let moved =
        person.uses(CalendarTool::Reschedule, "call_3", json!({ "slot_start": instant })).await;
    assert_eq!((&moved["ok"], &moved["slot_start"]), (&json!(true), &json!(slot)), "{moved}");
    // By its clock reading or by its instant, the appointment is found.
    for (n, written) in [zulu, instant].into_iter().enumerate() {
        let cancelled = person
            .uses(CalendarTool::Cancel, &format!("call_c{n}"), json!({ "slot_start": written }))
            .await;
        assert_eq!((&cancelled["ok"], &cancelled["slot_start"]), (&json!(true), &json!(slot)));
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_7_local_times_that_the_clocks_skip_or_double_are_refused_with_the_right_ones() {
    let world = world_on("sqlite::memory:").await;
    let mut person = Person::new(&world, 1).await;
    let mut settings = world.business.clone();
    open_daily(&mut settings, "00:00-24:00");
    settings.appointments.days_off.clear();
    settings.appointments.horizon = std::time::Duration::from_hours(24 * 400);
    person.settings = Arc::new(settings);
    let zone = world.business.timezone.rules();
    let now = world.app.services().clock.wall();
    for change in zone.following(now).take(2) {
        let before =
            (change.timestamp() - jiff::SignedDuration::from_secs(1)).to_zoned(zone.clone());
        let after = change.timestamp().to_zoned(zone.clone());
        let forward = after.offset() > before.offset();
        // Half an hour into the gap, or into the hour that comes twice.
        let half_hour = jiff::SignedDuration::from_mins(30);
        let local = if forward {
            before.datetime()
                + jiff::SignedDuration::from_mins(30)
                + jiff::SignedDuration::from_secs(1)
        } else {
            after.datetime() + half_hour
        };
        let local = local.strftime("%Y-%m-%dT%H:%M").to_string();
        let answer = person.books(&local).await;
        let slots: Vec<Timestamp> = answer["slots"]
            .as_array()
            .expect("slots")
            .iter()
            .map(|slot| slot.as_str().unwrap().parse().unwrap())
            .collect();
        if forward {
            assert_eq!(answer["error"], "skipped_by_the_clocks", "{local}: {answer}");
            assert!(slots.contains(&change.timestamp()), "the first moment after it: {answer}");
        } else {
            assert_eq!(answer["error"], "twice_on_the_clocks", "{local}: {answer}");
            let second = change.timestamp() + half_hour;
            let first = second - jiff::SignedDuration::from_hours(1);
            assert_eq!(slots, [first, second], "{answer}");
        }
        assert_eq!(person.upcoming().await, []);
    }
    world.close().await;
}
