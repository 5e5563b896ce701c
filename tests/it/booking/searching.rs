//! The search for slots passes days without any (CAL-1).

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_1_the_next_day_with_a_slot_is_found_weeks_ahead_near_the_requested_time() {
    let world = world_on("sqlite::memory:").await;
    let mut person = Person::new(&world, 1).await;
    let mut settings = world.business.clone();
    let (asked, open) = (ahead(&world, 3), ahead(&world, 40));
    let today = Calendar::of(&settings, world.app.services().clock.wall()).today();
    let days = today.series(jiff::Span::new().days(1));
    let until = open.parse().unwrap();
    settings.appointments.days_off = days.take_while(|day| *day < until).collect();
    settings.appointments.horizon = std::time::Duration::from_hours(24 * 60);
    open_daily(&mut settings, "08:00-20:00");
    person.settings = Arc::new(settings.clone());

    for (time, first) in [("", "08:00"), ("T15:00", "14:30"), ("T23:30", "18:00")] {
        let wanted = json!({ "date_iso": format!("{asked}{time}") });
        let found = person.uses(CalendarTool::Find, "call_1", wanted).await;
        assert_eq!((&found["date"], &found["asked_date_is_free"]), (&json!(open), &json!(false)));
        let slots = found["slots"].as_array().unwrap();
        assert_eq!(slots.len(), 3, "{found}");
        assert!(slots[0].as_str().unwrap().starts_with(&format!("{open}T{first}")), "{found}");
    }
    let closed = person.books(&format!("{asked}T10:00")).await;
    assert_eq!(closed["error"], "closed", "{closed}");
    assert!(closed["slots"][0].as_str().unwrap().starts_with(&open), "{closed}");

    settings.appointments.horizon = std::time::Duration::from_hours(24 * 20);
    person.settings = Arc::new(settings);
    let none = person.uses(CalendarTool::Find, "call_2", json!({ "date_iso": asked })).await;
    assert_eq!((&none["error"], &none["slots"]), (&json!("nothing_free"), &Value::Null), "{none}");
    world.close().await;
}
