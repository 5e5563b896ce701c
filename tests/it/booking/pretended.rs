//! What a test call books is kept in memory, by the rules of the real calendar (CON-5).

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn con_5_a_test_moves_and_cancels_what_it_has_booked_and_nobody_else_notices() {
    let world = world_on("sqlite::memory:").await;
    let real = Person::new(&world, 1).await;
    let nobody = LeadId(world.app.services().new_id());
    let test = Person { lead: nobody, test: Some(Arc::default()), ..Person::new(&world, 2).await };
    let day = ahead(&world, 3);
    let slots = test.finds(&day).await;
    let booked = test.books(&slots[0]).await;
    assert_eq!((&booked["ok"], &booked["slot_start"]), (&json!(true), &json!(slots[0])));
    assert_eq!(test.books(&slots[0]).await["appointment_id"], booked["appointment_id"], "again");
    assert!(!test.finds(&day).await.contains(&slots[0]), "its slot is busy for it");
    assert!(real.finds(&day).await.contains(&slots[0]), "and free for everybody else");

    let second = json!({ "slot_start": slots[2] });
    let second = test.uses(CalendarTool::Create, "call_2", second).await;
    assert_eq!(second["error"], "already_booked", "{second}");
    assert_eq!(real.books(&slots[2]).await["ok"], true);
    let moves = async |n: u32, slot: &str| {
        let to = json!({ "appointment_id": booked["appointment_id"], "slot_start": slot });
        test.uses(CalendarTool::Reschedule, &format!("call_m{n}"), to).await
    };
    let taken = moves(1, &slots[2]).await;
    assert_eq!(taken["error"], "taken", "{taken}");
    let free = taken["slots"].as_array().expect("other slots").iter();
    let free = free.filter_map(Value::as_str).find(|slot| *slot != slots[0]).expect("another one");
    let moved = moves(2, free).await;
    assert_eq!((&moved["ok"], &moved["slot_start"]), (&json!(true), &json!(free)), "{moved}");
    assert!(test.finds(&day).await.contains(&slots[0]), "the former slot is free");

    for id in ["call_3", "call_4"] {
        let cancelled = test.uses(CalendarTool::Cancel, id, json!({ "slot_start": free })).await;
        assert_eq!(cancelled["ok"], true, "{cancelled}");
        assert_eq!(cancelled["appointment_id"], booked["appointment_id"]);
    }
    let replayed = test.books(&slots[0]).await;
    assert_eq!(replayed["error"], "cancelled_since", "{replayed}");
    let all = all_booked(&world).await;
    assert_eq!(all.iter().map(|one| one.lead_id).collect::<Vec<_>>(), [real.lead]);
    world.close().await;
}
