//! Slow bookings: they delay no other business (CAL-5), and stand when nobody waits for them any more
//! (CAL-4). Those that hang are tried again (CAL-8).

use std::time::Duration;

use entities::{DatabaseFault, FaultExtent};
use practice::openai::Record;
use sea_orm::{DatabaseTransaction, Statement, TransactionTrait};

use super::foreign::outputs;
use super::*;
use crate::leads::uses;
use crate::support::{brief, pause, practice, virtually};

/// Waits until the business has an appointment.
async fn the_booked(world: &World) -> AppointmentRecord {
    let booked = async {
        loop {
            match all_booked(world).await.pop() {
                Some(booked) => return booked,
                None => pause().await,
            }
        }
    };
    within("the row", booked).await
}

/// Locks the business's row in PostgreSQL: only its bookings wait.
async fn sit_on(world: &World) -> DatabaseTransaction {
    let sitting = world.app.services().database.connection().begin().await.unwrap();
    let for_long = "SET LOCAL idle_in_transaction_session_timeout = 0";
    sitting.execute_unprepared(for_long).await.unwrap();
    let lock = "SELECT id FROM businesses WHERE id = $1 FOR NO KEY UPDATE";
    let values = [world.business_id.0.into()];
    let statement = Statement::from_sql_and_values(sitting.get_database_backend(), lock, values);
    sitting.query_one_raw(statement).await.unwrap();
    sitting
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_5_slow_database_work_of_one_business_delays_no_other_and_keeps_its_order() {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let id = import(&world, "clinic", |_| {}).await;
    let slow = Person::new(&world, 1).await;
    let quick = Person { business: id, lead: lead(&world, id, 1).await, ..slow.clone() };
    let slot = slow.finds(&ahead(&world, 3)).await.remove(0);

    let sitting = sit_on(&world).await;
    let mut first = Box::pin(slow.books(&slot));
    let search = json!({ "date_iso": slot });
    let mut second = Box::pin(slow.uses(CalendarTool::Find, "call_2", search));
    // Both are sent in this order, and neither is answered.
    for _ in 0..10 {
        tokio::select! {
            biased;
            answer = &mut first => panic!("booked behind a lock: {answer}"),
            answer = &mut second => panic!("answered before what was asked before it: {answer}"),
            other = quick.finds(&slot) => assert!(!other.is_empty()),
        }
    }
    assert_eq!(quick.books(&slot).await["ok"], true, "another business is not delayed");
    sitting.rollback().await.unwrap();
    assert_eq!(first.await["ok"], true);
    let found = second.await;
    let slots = found["slots"].as_array().unwrap();
    assert!(slots.iter().all(|free| *free != slot), "it was asked after the booking: {found}");
    world.close().await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_4_a_booking_that_nobody_waits_for_any_more_stands_and_is_returned_next_time() {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let person = Person::new(&world, 1).await;
    let slot = person.finds(&ahead(&world, 3)).await.remove(0);
    let sitting = sit_on(&world).await;
    let mut asking = Box::pin(person.books(&slot));
    tokio::select! {
        biased;
        answer = &mut asking => panic!("booked behind a lock: {answer}"),
        () = tokio::task::yield_now() => {}
    }
    drop(asking);
    sitting.rollback().await.unwrap();

    let booked = the_booked(&world).await;
    let again = person.uses(CalendarTool::Create, "call_2", json!({ "slot_start": slot })).await;
    assert_eq!(again["appointment_id"], booked.id.0.to_string(), "{again}");
    assert_eq!(all_booked(&world).await, [booked]);
    world.close().await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_1_a_booking_that_takes_over_ten_seconds_is_reported_as_failed_but_stands_and_is_found_later()
 {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let slot = Person::new(&world, 2).await.finds(&ahead(&world, 3)).await.remove(0);
    world.close().await;
    let mut plan: Plan = plan();
    brief(&mut plan);
    plan.config.database.url = DatabaseUrl::parse(&schema.url).unwrap();
    let wish = json!({ "slot_start": slot });
    plan.openai.brain = uses(&[("אלף", "create_appointment", wish)]);
    let world = World::open(plan).await.unwrap();
    let log = practice(&world).log();
    let told = |count: usize| log.wait_for(move |record: &Record| outputs(record).len() == count);

    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    let sitting = sit_on(&world).await;
    within("the wish", caller.say("אלף")).await.unwrap();
    within("the time limit", told(1)).await;
    assert_eq!(log.look(outputs)[0]["error"], "took_too_long");
    within("an answer", caller.hears("בסדר")).await.unwrap();
    assert_eq!(all_booked(&world).await, []);
    sitting.rollback().await.unwrap();

    let booked = the_booked(&world).await;
    within("the wish", caller.say("אלף")).await.unwrap();
    within("an answer", caller.hears("בסדר")).await.unwrap();
    let answers = log.look(outputs);
    assert_eq!(answers.len(), 2, "what came late is not told: {answers:?}");
    assert_eq!(answers[1]["appointment_id"], booked.id.0.to_string());
    assert_eq!(all_booked(&world).await, [booked]);
    caller.hang_up();
    within("the end", caller.ended()).await;
    world.close().await;
    schema.drop().await;
}

#[test]
fn cal_8_a_booking_whose_database_work_hangs_is_tried_again_and_one_that_always_hangs_fails() {
    const HANGS: DatabaseFault = DatabaseFault::Slow(Duration::from_secs(3600));
    virtually(async {
        let world = World::open(plan()).await.unwrap();
        let person = Person::new(&world, 1).await;
        let slot = person.finds(&ahead(&world, 3)).await.remove(0);
        let faults = world.app.services().database.faults().unwrap();
        let clock = world.app.services().clock;
        faults.set(HANGS, FaultExtent::Next(1));
        let asked = clock.now();
        assert_eq!(person.books(&slot).await["ok"], true);
        let took = clock.now() - asked;
        assert!((20..22).contains(&took.as_secs()), "{took:?}");
        assert_eq!(all_booked(&world).await.len(), 1);

        faults.set(HANGS, FaultExtent::Lasting);
        let asked = clock.now();
        let again = person.uses(CalendarTool::Find, "call_2", json!({ "date_iso": slot })).await;
        assert_eq!(again["ok"], false, "{again}");
        assert_eq!((clock.now() - asked).as_secs(), 30);
        faults.clear();
        assert!(!person.finds(&slot).await.is_empty());
        world.close().await;
    });
}
