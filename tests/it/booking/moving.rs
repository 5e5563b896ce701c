//! A caller who changes their mind: the appointment is moved, and no second one is made (CAL-6).

use super::*;

/// A person with an appointment, its slot, and other free slots of that day.
async fn with_appointment(world: &World) -> (Person, Vec<String>, Value) {
    let person = Person::new(world, 1).await;
    let slots = person.finds(&ahead(world, 3)).await;
    let booked = person.books(&slots[0]).await;
    assert_eq!(booked["ok"], true, "{booked}");
    (person, slots, booked)
}

fn starts(world: &World, held: &[AppointmentRecord]) -> Vec<String> {
    let calendar = Calendar::of(&world.business, world.app.services().clock.wall());
    held.iter().map(|one| calendar.rfc3339(one.starts_at)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_6_a_second_booking_is_answered_with_the_first_and_made_only_as_an_additional_one() {
    let world = world_on("sqlite::memory:").await;
    let (person, slots, booked) = with_appointment(&world).await;
    let second = json!({ "slot_start": slots[2] });
    let answer = person.uses(CalendarTool::Create, "call_2", second).await;
    assert_eq!((&answer["ok"], &answer["error"]), (&json!(false), &json!("already_booked")));
    let held = json!([{ "appointment_id": booked["appointment_id"], "slot_start": slots[0] }]);
    assert_eq!(answer["appointments"], held, "{answer}");
    assert_eq!(starts(&world, &person.upcoming().await), [slots[0].clone()]);

    let second = json!({ "slot_start": slots[2], "additional": true });
    let answer = person.uses(CalendarTool::Create, "call_3", second).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(starts(&world, &person.upcoming().await), [slots[0].clone(), slots[2].clone()]);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_6_an_appointment_is_moved_by_its_id_its_start_or_as_the_only_one() {
    let world = world_on("sqlite::memory:").await;
    let (person, slots, booked) = with_appointment(&world).await;
    let id = &booked["appointment_id"];
    let unknown = "0190a0a0-0000-7000-8000-000000000000";
    let (nine, ten) = (&slots[0], &slots[2]);
    for (n, (arguments, to)) in [
        (json!({ "appointment_id": id, "slot_start": ten }), ten),
        (json!({ "from_start": ten, "slot_start": nine }), nine),
        (json!({ "slot_start": ten }), ten),
        // A wrong id falls back on the start.
        (json!({ "appointment_id": unknown, "from_start": ten, "slot_start": nine }), nine),
        (json!({ "appointment_id": "the first", "from_start": nine, "slot_start": ten }), ten),
        // The same again, as after a crash before the answer.
        (json!({ "appointment_id": "the first", "from_start": nine, "slot_start": ten }), ten),
        // The id is right, the start is not.
        (json!({ "appointment_id": id, "from_start": nine, "slot_start": nine }), nine),
    ]
    .into_iter()
    .enumerate()
    {
        let told = arguments.to_string();
        let moved = person.uses(CalendarTool::Reschedule, &format!("call_m{n}"), arguments).await;
        assert_eq!(
            (&moved["ok"], &moved["slot_start"]),
            (&json!(true), &json!(to)),
            "{told}: {moved}"
        );
        assert_eq!(&moved["appointment_id"], id);
        assert_eq!(starts(&world, &person.upcoming().await), std::slice::from_ref(to), "{told}");
    }
    assert_eq!(person.upcoming().await[0].call_sid, Some(call_sid(1)), "the call that booked it");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_6_an_appointment_that_cannot_be_moved_stays_and_other_slots_are_offered() {
    let world = world_on("sqlite::memory:").await;
    let (person, slots, _) = with_appointment(&world).await;
    let other = Person::new(&world, 2).await;
    assert_eq!(other.books(&slots[2]).await["ok"], true);
    let night = format!("{}T03:00:00{}", &slots[0][..10], &slots[0][19..]);
    for (to, error) in [
        (slots[2].as_str(), "taken"),
        (&night, "outside_hours"),
        ("2020-01-01T10:00:00+02:00", "in_the_past"),
    ] {
        let refused =
            person.uses(CalendarTool::Reschedule, error, json!({ "slot_start": to })).await;
        assert_eq!(refused["error"], error, "{refused}");
        assert!(!refused["slots"].as_array().expect("other slots").is_empty());
        assert_eq!(starts(&world, &person.upcoming().await), [slots[0].clone()]);
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_6_a_wrong_id_falls_back_on_the_start_and_what_is_not_found_is_answered_with_ones_own()
{
    let world = world_on("sqlite::memory:").await;
    let (person, slots, booked) = with_appointment(&world).await;
    let unknown = "0190a0a0-0000-7000-8000-000000000000";
    let mine = json!([{ "appointment_id": booked["appointment_id"], "slot_start": slots[0] }]);
    for (tool, start) in
        [(CalendarTool::Cancel, "slot_start"), (CalendarTool::Reschedule, "from_start")]
    {
        for which in [json!({ "appointment_id": unknown }), json!({ start: slots[2] })] {
            let mut arguments = which.clone();
            if tool == CalendarTool::Reschedule {
                arguments["slot_start"] = json!(slots[1]);
            }
            let answer = person.uses(tool, "call_2", arguments).await;
            assert_eq!(answer["error"], "no_such_appointment", "{which}: {answer}");
            assert_eq!(answer["appointments"], mine);
        }
    }
    let both = json!({ "appointment_id": unknown, "slot_start": slots[0] });
    let cancelled = person.uses(CalendarTool::Cancel, "call_3", both).await;
    assert_eq!(
        (&cancelled["ok"], &cancelled["appointment_id"]),
        (&json!(true), &booked["appointment_id"])
    );
    assert_eq!(person.upcoming().await, []);
    let to = json!({ "appointment_id": booked["appointment_id"], "slot_start": slots[1] });
    let gone = person.uses(CalendarTool::Reschedule, "call_4", to).await;
    assert_eq!((&gone["error"], &gone["appointments"]), (&json!("cancelled_since"), &json!([])));
    let none = person.uses(CalendarTool::Cancel, "call_5", json!({})).await;
    assert_eq!(none["error"], "no_such_appointment", "there is none to choose from: {none}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_6_of_two_appointments_the_one_to_move_must_be_named() {
    let world = world_on("sqlite::memory:").await;
    let (person, slots, _) = with_appointment(&world).await;
    let second = json!({ "slot_start": slots[2], "additional": true });
    person.uses(CalendarTool::Create, "call_2", second).await;
    let evening = person.finds(&format!("{}T23:00", &slots[0][..10])).await.remove(0);
    let which =
        person.uses(CalendarTool::Reschedule, "call_3", json!({ "slot_start": evening })).await;
    assert_eq!(which["error"], "which_appointment", "{which}");
    assert_eq!(which["appointments"].as_array().map(Vec::len), Some(2));
    let named = json!({ "from_start": slots[2], "slot_start": evening });
    let moved = person.uses(CalendarTool::Reschedule, "call_4", named).await;
    assert_eq!(moved["ok"], true, "{moved}");
    assert_eq!(starts(&world, &person.upcoming().await), [slots[0].clone(), evening]);
    world.close().await;
}
