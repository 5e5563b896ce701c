//! The journal's files, and what goes where when database or disk fail.

mod batches;
mod fences;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use entities::businesses::{ImportBusiness, import};
use entities::calls::{self, CallDirection, CallStatus, NewCall};
use entities::{Database, DatabaseFault, FaultExtent, PoolSettings};
use jiff::Timestamp;
use protocol::call::{EndReason, EndedBy, Ending};
use protocol::ids::{BusinessId, CallSid, PhoneNumber, Slug};
use supervision::{Generation, TaskGroup};
use tempfile::TempDir;
use tokio::time::sleep;

use super::*;
use crate::chance::Chance;
use crate::cluster::Node;
use crate::introspection::{ActorKind, Introspection};

fn call(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

fn began() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn started(business: BusinessId, n: u32) -> JournalEntry {
    JournalEntry::placed(
        business,
        NewCall {
            call_sid: call(n),
            direction: CallDirection::Inbound,
            status: CallStatus::InProgress,
            from_number: None,
            to_number: PhoneNumber::parse("+97231234560").unwrap(),
            lead_id: None,
            prompt_version: 1,
            started_at: began(),
            is_test: false,
        },
    )
}

fn ended(business: BusinessId, n: u32) -> JournalEntry {
    let ending = Ending { reason: EndReason::CallerHungUp, by: EndedBy::Caller };
    JournalEntry::ended(business, call(n), ending, None, began())
}

/// A database that can misbehave, with one business.
async fn database() -> (Database, BusinessId) {
    let database = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
    database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
    let business = ImportBusiness {
        new_id: BusinessId(uuid::Uuid::from_u128(1)),
        slug: Slug::parse("locks").unwrap(),
        name: "locks".to_owned(),
        phone_numbers: vec![PhoneNumber::parse("+97231234560").unwrap()],
        whatsapp_number: None,
        timezone: "Asia/Jerusalem".to_owned(),
        language: "he".to_owned(),
        retention: Duration::from_secs(24 * 60 * 60),
        settings: serde_json::json!({}),
        prompt: "answer".to_owned(),
        outbox: entities::outbox::ImportOutbox::default(),
    };
    let id = import(&database, business, began()).await.unwrap().id;
    (database, id)
}

async fn spawn(journal: &Journal, database: &Database) -> ActorRef<JournalMsg> {
    spawn_with(journal, database, Chance::seeded(1)).await
}

async fn spawn_with(
    journal: &Journal,
    database: &Database,
    chance: Chance,
) -> ActorRef<JournalMsg> {
    spawn_as(crate::testing::node(database), journal, database, chance).await
}

async fn spawn_as(
    node: Node,
    journal: &Journal,
    database: &Database,
    chance: Chance,
) -> ActorRef<JournalMsg> {
    let clock = Clock::start();
    let registration = Introspection::on("http://node").register(
        supervision::ActorInfo {
            kind: ActorKind::Journal,
            parent: None,
            scope: None,
            generation: Generation::default(),
            last_error: None,
            depth: Box::new(|| 0),
        },
        clock.now(),
    );
    let writer = journal.writer(database.clone(), chance, node);
    let (journal, tasks) = (journal.clone(), TaskGroup::default());
    let args = JournalArgs { journal, writer, clock, tasks, registration };
    Actor::spawn(None, JournalActor, args).await.unwrap().0
}

fn on(folder: &Path) -> Journal {
    Journal::new(Disk::open(folder, DiskMode::Simulated).unwrap())
}

fn files(folder: &TempDir, part: &str) -> Vec<std::path::PathBuf> {
    let all = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| path.to_string_lossy().contains(part)).collect()
}

async fn is_complete(database: &Database, business: BusinessId, n: u32) -> bool {
    let found = calls::get(database, business, &call(n)).await.unwrap();
    found.is_some_and(|record| record.end_reason.is_some())
}

#[tokio::test(start_paused = true)]
async fn cal_8_what_the_database_does_not_take_waits_on_disk_and_is_written_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let faults = database.faults().unwrap();
    let journal = on(folder.path());
    let actor = spawn(&journal, &database).await;
    faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
    for n in 0..2500 {
        journal.record(started(business, n));
        // The order matters: a call that is not there can't end.
        journal.record(ended(business, n));
        if n % 500 == 0 {
            sleep(Duration::from_secs(1)).await;
        }
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!((journal.depth(), journal.lost()), (0, 0));
    assert_eq!(journal.disk.waiting(), 5000);
    for file in files(&folder, "frontdesk-journal") {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    faults.clear();
    while journal.disk.waiting() > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    for n in [0, 1250, 2499] {
        assert!(is_complete(&database, business, n).await, "{n}");
    }
    assert_eq!(files(&folder, ".jsonl"), [] as [std::path::PathBuf; 0], "nothing is left");
    // It goes on as before.
    journal.record(started(business, 6000));
    journal.record(ended(business, 6000));
    sleep(Duration::from_secs(1)).await;
    assert!(is_complete(&database, business, 6000).await);
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn cal_8_what_waits_on_disk_is_written_after_a_restart_before_what_is_newer() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let faults = database.faults().unwrap();
    faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
    let journal = on(folder.path());
    let actor = spawn(&journal, &database).await;
    journal.record(started(business, 1));
    sleep(Duration::from_secs(1)).await;
    actor.stop_and_wait(None, None).await.unwrap();
    // Told after the actor has stopped, and kept by whoever stops it.
    journal.record(ended(business, 1));
    journal.record(started(business, 2));
    journal.keep().await;
    assert_eq!((journal.depth(), journal.lost()), (0, 0));
    let again = Disk::open(folder.path(), DiskMode::Simulated);
    assert!(again.is_err(), "one daemon uses the folder");
    drop((journal, actor));
    // The process died while it wrote a line.
    let file = files(&folder, ".jsonl").pop().unwrap();
    fs::write(&file, [fs::read(&file).unwrap(), b"{\"business\":\"0".to_vec()].concat()).unwrap();

    let journal = on(folder.path());
    assert_eq!(journal.disk.waiting(), 4);
    faults.clear();
    journal.record(ended(business, 2));
    let actor = spawn(&journal, &database).await;
    sleep(Duration::from_secs(5)).await;
    assert!(is_complete(&database, business, 1).await);
    assert!(is_complete(&database, business, 2).await, "its start was written before its end");
    let refused = fs::read_to_string(files(&folder, "refused").pop().unwrap()).unwrap();
    assert!(refused.lines().count() == 1 && refused.contains("{\\\"business"), "{refused}");
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn cal_8_a_disk_whose_process_has_died_takes_nothing_more_and_is_free_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    database.faults().unwrap().set(DatabaseFault::Gone, FaultExtent::Lasting);
    let journal = on(folder.path());
    let actor = spawn(&journal, &database).await;
    journal.record(started(business, 1));
    sleep(Duration::from_secs(1)).await;
    journal.disk.take_down();
    journal.record(started(business, 2));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(journal.depth(), 1);
    assert_eq!(on(folder.path()).disk.waiting(), 1);
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn cal_8_an_entry_that_can_never_be_written_is_set_aside_and_the_journal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let journal = on(folder.path());
    let actor = spawn(&journal, &database).await;
    // There are no such businesses.
    journal.record(started(BusinessId(uuid::Uuid::from_u128(98)), 7));
    journal.record(started(BusinessId(uuid::Uuid::from_u128(99)), 8));
    journal.record(started(business, 1));
    journal.record(ended(business, 1));
    sleep(Duration::from_secs(1)).await;
    assert!(is_complete(&database, business, 1).await);
    let file = files(&folder, "refused").pop().unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = fs::read_to_string(file).unwrap();
    let lines: Vec<serde_json::Value> =
        refused.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["entry"]["call"], call(7).to_string());
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn cal_8_without_database_and_disk_memory_is_bounded_and_what_is_lost_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let faults = database.faults().unwrap();
    let journal = on(&folder.path().join("state"));
    let actor = spawn(&journal, &database).await;
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    faults.set(DatabaseFault::Full, FaultExtent::Lasting);
    journal.record(started(business, 0));
    sleep(Duration::from_secs(20)).await;
    assert_eq!(journal.depth(), 1, "it stays in memory");
    for n in 1..4096 {
        assert!(journal.has_room_for_a_call());
        journal.record(started(business, n));
    }
    assert!(!journal.has_room_for_a_call(), "the rest is for the calls that run");
    for n in 4096..16_384 {
        journal.record(started(business, n));
    }
    assert_eq!(journal.lost(), 0);
    journal.record(started(business, 20_000));
    assert_eq!(journal.lost(), 1);
    // The disk is there again.
    fs::create_dir_all(folder.path().join("state")).unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!((journal.depth(), journal.disk.waiting()), (0, 16_384));
    assert!(journal.has_room_for_a_call());
    actor.stop(None);
}
