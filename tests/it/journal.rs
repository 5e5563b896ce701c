//! The journal while the database does not take it: nobody waits for it, and nothing is lost (CAL-8,
//! OPS-10).

use std::time::Duration;

use actors::messages::JournalEntry;
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallDirection, CallStatus, NewCall};
use entities::{DatabaseFault, DatabaseFaults, FaultExtent, leads};
use frontdesk::config::DatabaseUrl;
use frontdesk::world::{Plan, World};
use practice::twilio::{CallerHandle, Done, EndedBy};
use protocol::ids::{CallSid, ItemId};
use tokio::time::sleep;

use crate::booking::{Schema, world_on};
use crate::support::{brief, ended_record, number, recorded, virtually, within, world};

fn faults(world: &World) -> &DatabaseFaults {
    world.app.services().database.faults().unwrap()
}

/// On disk: database and records that wait for it.
fn on_disk(plan: &mut Plan, folder: &tempfile::TempDir) {
    brief(plan);
    let url = format!("sqlite://{}", folder.path().join("calls.db").display());
    plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
    plan.state_dir = Some(folder.path().join("state"));
}

async fn greeted(world: &World, n: u32) -> CallerHandle {
    let caller = world.dial(&number(n));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    caller
}

fn flood(world: &World, entries: u32) {
    let services = world.app.services();
    for n in 0..entries {
        let call = CallSid::parse(&format!("CA{n:032x}")).unwrap();
        let now = services.clock.wall();
        let entry = JournalEntry::progress(world.business_id, call, CallStatus::InProgress, now);
        services.journal.record(entry);
    }
}

#[test]
fn cal_8_with_ten_thousand_records_waiting_calls_are_heard_and_hung_up_and_written_later() {
    virtually(async {
        let folder = tempfile::tempdir().unwrap();
        let world = world(|plan| on_disk(plan, &folder)).await;
        let caller = greeted(&world, 1).await;
        // Writes fail, and a webhook can still be read for.
        faults(&world).set(DatabaseFault::Full, FaultExtent::Lasting);
        flood(&world, 10_000);
        sleep(Duration::from_secs(2)).await;
        let late = greeted(&world, 2).await;
        within("the echo", late.say("בתל אביב")).await.unwrap();
        within("the echo", late.hears_anything()).await.unwrap();
        for open in [&caller, &late] {
            let path = format!("api/calls/{}/hangup", open.call_sid());
            assert!(world.post(&path).await.unwrap() < 300);
            let outcome = within("the end", open.ended()).await;
            assert_eq!(outcome.ended_by, EndedBy::Rest);
        }
        sleep(Duration::from_secs(10)).await;
        faults(&world).clear();
        for call in [&caller, &late] {
            let record = ended_record(&world, call).await;
            assert!(record.lead_id.is_some(), "{record:?}");
        }
        assert_eq!(world.app.services().journal.lost(), 0);
        world.close().await;
    });
}

#[test]
fn cal_8_a_full_memory_without_a_disk_brings_new_callers_the_apology() {
    virtually(async {
        let world = world(brief).await;
        let caller = greeted(&world, 1).await;
        faults(&world).set(DatabaseFault::Full, FaultExtent::Lasting);
        flood(&world, 4096);
        let refused = within("the end", world.dial(&number(2)).ended()).await;
        assert_eq!(refused.ended_by, EndedBy::HangupVerb);
        let Done::Said { text, .. } = &refused.view.verbs[0].what else { panic!("{refused:?}") };
        assert_eq!(*text, world.business.lines().apology);
        let path = format!("api/calls/{}/hangup", caller.call_sid());
        assert!(world.post(&path).await.unwrap() < 300);
        assert_eq!(within("the end", caller.ended()).await.ended_by, EndedBy::Rest);
        faults(&world).clear();
        ended_record(&world, &caller).await;
        greeted(&world, 3).await.hang_up();
        world.close().await;
    });
}

#[test]
fn cal_8_what_a_daemon_could_not_write_is_written_by_the_next() {
    virtually(async {
        let folder = tempfile::tempdir().unwrap();
        let first = world(|plan| on_disk(plan, &folder)).await;
        let caller = greeted(&first, 1).await;
        let call = caller.call_sid().clone();
        recorded(&first, &call, |record| record.answered_at.is_some()).await;
        faults(&first).set(DatabaseFault::Gone, FaultExtent::Lasting);
        within("the words", caller.say("בתל אביב")).await.unwrap();
        within("the echo", caller.hears_anything()).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        first.close().await;

        let second = world(|plan| on_disk(plan, &folder)).await;
        let record = recorded(&second, &call, |record| record.end_reason.is_some()).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"), "not a sweep's end");
        let database = &second.app.services().database;
        let turns = entities::call_turns::of_call(database, second.business_id, &call);
        let turns = turns.await.unwrap();
        assert!(turns.iter().any(|turn| turn.text.as_deref() == Some("בתל אביב")), "{turns:?}");
        second.close().await;
    });
}

#[test]
fn ops_10_calls_that_end_while_another_process_holds_the_lock_have_their_lead_later() {
    virtually(async {
        let world = world(brief).await;
        for fault in [DatabaseFault::Locked, DatabaseFault::Full] {
            faults(&world).set(fault, FaultExtent::Lasting);
            let mut calls = Vec::new();
            for n in 1..=3 {
                let caller = greeted(&world, n).await;
                caller.hang_up();
                within("the end", caller.ended()).await;
                calls.push(caller);
            }
            sleep(Duration::from_secs(12)).await;
            faults(&world).clear();
            for call in &calls {
                let has_lead = |record: &calls::CallRecord| record.lead_id.is_some();
                let record = recorded(&world, call.call_sid(), has_lead).await;
                let database = &world.app.services().database;
                let lead = leads::get(database, world.business_id, record.lead_id.unwrap()).await;
                let lead = lead.unwrap().unwrap();
                assert_eq!(lead.last_call_sid.as_ref(), Some(call.call_sid()), "{fault:?}");
            }
        }
        world.close().await;
    });
}

/// Rows of turns a second that the journal writes, over some seconds in which it always has more to do.
async fn rows_a_second(world: &World) -> f64 {
    let services = world.app.services();
    let started_at = services.clock.wall();
    let call = CallSid::parse(&format!("CA{:032x}", 1)).unwrap();
    let new = NewCall {
        call_sid: call.clone(),
        direction: CallDirection::Inbound,
        status: CallStatus::InProgress,
        from_number: Some(number(1)),
        to_number: world.business.phone_numbers[0].clone(),
        lead_id: None,
        prompt_version: 1,
        started_at,
        is_test: false,
    };
    services.journal.record(JournalEntry::placed(world.business_id, new));
    let row = |seq| TurnRow {
        seq,
        role: if seq % 2 == 0 { TurnRole::Caller } else { TurnRole::Agent },
        item_id: ItemId::parse(&format!("item_{seq:016}")).ok(),
        text: Some("I would like somebody to look at the lock of our front door.".to_owned()),
        heard_ms: Some(2_000),
        cut: false,
        at: started_at,
        measures: entities::call_turns::TurnMeasures::default(),
    };
    let (began, mut seq) = (services.clock.now(), 0);
    let passed = || services.clock.now().saturating_duration_since(began);
    while passed() < Duration::from_secs(5) {
        while services.journal.depth() < 2048 {
            let turn = JournalEntry::turn(world.business_id, call.clone(), row(seq));
            services.journal.record(turn);
            seq += 1;
        }
        sleep(Duration::from_millis(1)).await;
    }
    while services.journal.depth() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    let took = passed();
    assert_eq!(services.journal.lost(), 0);
    let database = &services.database;
    let written = call_turns::of_call(database, world.business_id, &call).await.unwrap();
    assert_eq!(written.len(), seq as usize);
    f64::from(seq) / took.as_secs_f64()
}

/// With 100 calls the journal writes 41 rows a second.
#[tokio::test]
#[ignore = "a measurement: docs/performance.md says how it is run"]
async fn the_journal_writes_far_more_turns_than_calls_have() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = Plan::locksmith().unwrap();
    on_disk(&mut plan, &folder);
    let world = World::open(plan).await.unwrap();
    let rows = rows_a_second(&world).await;
    eprintln!("SQLite: {rows:.0} rows a second");
    assert!(rows > 410.0, "{rows}");
    world.close().await;
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let rows = rows_a_second(&world).await;
    eprintln!("PostgreSQL: {rows:.0} rows a second");
    assert!(rows > 410.0, "{rows}");
    world.close().await;
    schema.drop().await;
}
