//! Many entries in one transaction: all of them are written, each once and in order, whatever fails.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use entities::call_turns::{self, TurnRole, TurnRow};
use entities::leads::{self, LeadChanges};

use super::*;
use crate::messages::{EntryKind, PersonOfCall};

/// The text of a turn that crashes the journal when its statement is done.
const POISON: &str = "poison";

fn turn(business: BusinessId, n: u32, seq: u32, text: &str) -> JournalEntry {
    let row = TurnRow {
        seq,
        role: TurnRole::Caller,
        item_id: None,
        text: Some(text.to_owned()),
        heard_ms: None,
        cut: false,
        at: began(),
        measures: entities::call_turns::TurnMeasures::default(),
    };
    JournalEntry { business, call: call(n), kind: EntryKind::Turn(Box::new(row)), lease: None }
}

fn person(business: BusinessId, n: u32) -> JournalEntry {
    let named = LeadChanges { full_name: Some("דנה".to_owned()), ..LeadChanges::default() };
    let person =
        PersonOfCall { phone: None, lead: None, changes: vec![named], status: None, at: began() };
    JournalEntry { business, call: call(n), kind: EntryKind::Person(Box::new(person)), lease: None }
}

/// A call with its turns, in the order in which they are told.
fn whole_call(business: BusinessId, n: u32) -> Vec<JournalEntry> {
    let turns = (0..6).map(|seq| turn(business, n, seq, &seq.to_string()));
    let rest = [person(business, n), ended(business, n)];
    [started(business, n)].into_iter().chain(turns).chain(rest).collect()
}

/// Asserts that all of the call is written, and written once.
async fn assert_whole(database: &Database, business: BusinessId, n: u32) {
    assert!(is_complete(database, business, n).await, "{n}");
    let turns = call_turns::of_call(database, business, &call(n)).await.unwrap();
    let texts = turns.into_iter().filter_map(|turn| turn.text);
    let texts: Vec<_> = texts.filter(|text| text != POISON).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4", "5"], "{n}");
    let record = calls::get(database, business, &call(n)).await.unwrap().unwrap();
    let history = leads::history(database, business, record.lead_id.unwrap(), None, 100).await;
    assert_eq!(history.unwrap().items.len(), 2, "{n}: its status and its name");
}

/// Waits until nothing waits, neither in memory nor on disk.
async fn until_written(journal: &Journal) {
    while journal.depth() > 0 || journal.disk.waiting() > 0 {
        sleep(Duration::from_millis(100)).await;
    }
}

/// How many units of work the database does meanwhile. Each one takes a second.
async fn units(database: &Database, clock: &Clock, work: impl Future<Output = ()>) -> u64 {
    let second = Duration::from_secs(1);
    database.faults().unwrap().set(DatabaseFault::Slow(second), FaultExtent::Lasting);
    let began = clock.now();
    work.await;
    (clock.now() - began).as_secs()
}

#[tokio::test(start_paused = true)]
async fn cal_8_ten_thousand_entries_are_written_in_few_transactions_from_memory_and_from_disk() {
    const CALLS: u32 = 10_000 / 9;
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let (journal, clock) = (on(folder.path()), Clock::start());
    let tell = |calls: std::ops::Range<u32>| {
        let entries = calls.flat_map(|n| whole_call(business, n));
        entries.for_each(|entry| journal.record(entry));
    };
    tell(0..CALLS);
    let few = u64::from(CALLS) * 9 / 64 + 10;
    let actor = spawn(&journal, &database).await;
    let from_memory = units(&database, &clock, until_written(&journal)).await;
    assert!(from_memory <= few, "{from_memory}");

    let faults = database.faults().unwrap();
    faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
    tell(CALLS..2 * CALLS);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(journal.depth(), 0);
    faults.clear();
    let from_disk = units(&database, &clock, until_written(&journal)).await;
    // The first batches are small: the database has failed.
    assert!(from_disk <= few + 10, "{from_disk}");
    faults.clear();
    for n in [0, 1, CALLS - 1, CALLS, 2 * CALLS - 1] {
        assert_whole(&database, business, n).await;
    }
    assert!(files(&folder, "refused").is_empty());
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn cal_8_what_nobody_waits_for_comes_together_and_what_is_urgent_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let statements = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&statements);
    let counted = database.observed(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    let journal = on(folder.path());
    let actor = spawn(&journal, &counted).await;
    journal.record(started(business, 1));
    sleep(Duration::from_secs(1)).await;
    statements.store(0, Ordering::Relaxed);
    for seq in 0..1000 {
        journal.record(turn(business, 1, seq, "word"));
        sleep(Duration::from_millis(10)).await;
    }
    sleep(PACE).await;
    let turns = call_turns::of_call(&database, business, &call(1)).await.unwrap();
    assert_eq!(turns.len(), 1000);
    let statements = statements.load(Ordering::Relaxed);
    assert!((50..=101).contains(&statements), "{statements}");

    for n in 2..10 {
        journal.record(turn(business, 1, n, "word"));
        sleep(Duration::from_millis(5)).await;
        journal.record(started(business, n));
        sleep(Duration::from_millis(1)).await;
        assert!(calls::get(&database, business, &call(n)).await.unwrap().is_some(), "{n}");
        assert_eq!(journal.depth(), 0);
    }
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn cal_8_of_a_batch_with_refused_entries_only_these_are_set_aside() {
    for from_disk in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (database, business) = database().await;
        let journal = on(folder.path());
        let nobody = BusinessId(uuid::Uuid::from_u128(99));
        let mut entries = whole_call(business, 1);
        // By the schema, by a rule of ours, and among turns.
        entries.insert(3, turn(business, 77, 0, "of no call"));
        entries.insert(5, started(nobody, 78));
        entries.insert(7, turn(nobody, 1, 2, "not theirs"));
        entries.extend(whole_call(business, 2));
        entries.into_iter().for_each(|entry| journal.record(entry));
        if from_disk {
            journal.keep().await;
        }
        let actor = spawn(&journal, &database).await;
        until_written(&journal).await;
        assert_whole(&database, business, 1).await;
        assert_whole(&database, business, 2).await;
        let refused = fs::read_to_string(files(&folder, "refused").pop().unwrap()).unwrap();
        assert_eq!(refused.lines().count(), 3, "{refused}");
        assert!(refused.contains("of no call") && refused.contains("not theirs"), "{refused}");
        actor.stop(None);
    }
}

#[tokio::test(start_paused = true)]
async fn ops_10_a_batch_whose_commit_fails_or_whose_answer_is_lost_is_written_once() {
    let faults = [
        DatabaseFault::CommitLost,
        DatabaseFault::Gone,
        DatabaseFault::Full,
        DatabaseFault::Locked,
        DatabaseFault::Slow(Duration::from_secs(7)),
    ];
    for fault in faults {
        for times in [1, 2, 5] {
            let folder = tempfile::tempdir().unwrap();
            let (database, business) = database().await;
            database.faults().unwrap().set(fault, FaultExtent::Next(times));
            let journal = on(folder.path());
            let entries = (0..20).flat_map(|n| whole_call(business, n));
            entries.for_each(|entry| journal.record(entry));
            let actor = spawn(&journal, &database).await;
            until_written(&journal).await;
            for n in 0..20 {
                assert_whole(&database, business, n).await;
            }
            assert_eq!(journal.lost(), 0, "{fault:?}");
            assert!(files(&folder, "refused").is_empty(), "{fault:?}");
            actor.stop(None);
        }
    }
}

/// The database, on which what holds [`POISON`] crashes whoever writes it; and how often it did.
fn poisoned(database: &Database) -> (Database, Arc<AtomicU32>) {
    let crashes = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&crashes);
    let poisoned = database.observed(move |statement| {
        if format!("{statement:?}").contains(POISON) {
            counting.fetch_add(1, Ordering::Relaxed);
            panic!("a statement that crashes the journal");
        }
    });
    (poisoned, crashes)
}

#[tokio::test(start_paused = true)]
async fn res_2_a_crash_in_the_middle_of_a_batch_costs_only_the_entry_that_crashes() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let (poisoned, crashes) = poisoned(&database);
    let journal = on(folder.path());
    let mut entries = whole_call(business, 1);
    entries.insert(4, turn(business, 1, 9, POISON));
    entries.extend(whole_call(business, 2));
    entries.into_iter().for_each(|entry| journal.record(entry));
    // Its supervisor starts it again.
    let chance = Chance::seeded(1);
    while journal.depth() > 0 {
        let actor = spawn_with(&journal, &poisoned, chance.clone()).await;
        while journal.depth() > 0 && actor.get_status() < ractor::ActorStatus::Stopping {
            sleep(Duration::from_millis(100)).await;
        }
        actor.kill();
    }
    assert_eq!(crashes.load(Ordering::Relaxed), 2, "once in the batch, and once alone");
    assert_whole(&database, business, 1).await;
    assert_whole(&database, business, 2).await;
    assert_eq!(journal.inbox.stats().dead_letters, 1);
}

#[tokio::test(start_paused = true)]
async fn res_2_an_entry_on_disk_that_crashes_the_journal_is_set_aside_and_the_rest_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let (poisoned, crashes) = poisoned(&database);
    let journal = on(folder.path());
    let mut entries = whole_call(business, 1);
    entries.insert(4, turn(business, 1, 9, POISON));
    // The last one, too.
    entries.extend(whole_call(business, 2));
    entries.push(turn(business, 2, 9, POISON));
    entries.into_iter().for_each(|entry| journal.record(entry));
    journal.keep().await;
    // A failure of the database is no attempt.
    let faults = database.faults().unwrap();
    faults.set(DatabaseFault::Gone, FaultExtent::Next(5));
    let chance = Chance::seeded(1);
    for _ in 0..10 {
        let actor = spawn_with(&journal, &poisoned, chance.clone()).await;
        while journal.disk.waiting() > 0 && actor.get_status() < ractor::ActorStatus::Stopping {
            sleep(Duration::from_millis(100)).await;
        }
        actor.kill();
    }
    assert_eq!(journal.disk.waiting(), 0);
    assert_eq!(crashes.load(Ordering::Relaxed), 4, "each once in a batch, and once alone");
    assert_whole(&database, business, 1).await;
    assert_whole(&database, business, 2).await;
    let [refused] = &files(&folder, "refused")[..] else { panic!("not one file") };
    let refused = std::fs::read_to_string(refused).unwrap();
    assert_eq!(refused.lines().count(), 2, "{refused}");
    for line in refused.lines() {
        assert!(line.contains("crashed the journal") && line.contains(POISON), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn res_2_what_is_written_and_not_acknowledged_is_written_again_to_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let journal = on(folder.path());
    let entries = whole_call(business, 1).into_iter().chain(whole_call(business, 2));
    entries.for_each(|entry| journal.record(entry));
    // While the batch is written, its reader loses the inbox: as if it were killed before it could
    // acknowledge anything.
    let (inbox, replaced) = (journal.inbox.clone(), Mutex::new(None));
    let killing = database.observed(move |_| {
        replaced.lock().unwrap().get_or_insert_with(|| inbox.attach_with(|| {}));
    });
    let chance = Chance::seeded(1);
    let actor = spawn_with(&journal, &killing, chance.clone()).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(journal.depth(), 18, "nothing is acknowledged");
    assert_whole(&database, business, 2).await;
    actor.stop_and_wait(None, None).await.unwrap();
    let successor = spawn_with(&journal, &database, chance).await;
    until_written(&journal).await;
    assert_whole(&database, business, 1).await;
    assert_whole(&database, business, 2).await;
    assert_eq!(journal.inbox.stats().dead_letters, 0);
    successor.stop(None);
}

#[test]
fn cal_8_a_database_that_fails_gets_ever_smaller_batches_and_one_that_works_larger_ones() {
    let room = |size: BatchSize, bytes: usize| {
        let mut room = size.room();
        (0..1000).take_while(|_| room(bytes)).count()
    };
    let mut size = BatchSize::default();
    assert_eq!((room(size, 1), room(size, 64 * 1024), room(size, 300 * 1024)), (64, 4, 0));
    let sizes = |size: &mut BatchSize, change: fn(&mut BatchSize)| -> Vec<usize> {
        let changed = (0..8).map(|_| {
            change(size);
            room(*size, 1)
        });
        changed.collect()
    };
    assert_eq!(sizes(&mut size, BatchSize::failed), [32, 16, 8, 4, 2, 1, 1, 1]);
    assert_eq!(sizes(&mut size, BatchSize::written), [2, 4, 8, 16, 32, 64, 64, 64]);
}

#[tokio::test(start_paused = true)]
async fn cal_8_an_entry_larger_than_a_batch_comes_alone() {
    for from_disk in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (database, business) = database().await;
        let journal = on(folder.path());
        let long = "ש".repeat(batch::MOST_BYTES);
        whole_call(business, 1).into_iter().for_each(|entry| journal.record(entry));
        journal.record(turn(business, 1, 7, &long));
        whole_call(business, 2).into_iter().for_each(|entry| journal.record(entry));
        if from_disk {
            journal.keep().await;
        }
        let clock = Clock::start();
        let actor = spawn(&journal, &database).await;
        let units = units(&database, &clock, until_written(&journal)).await;
        assert_eq!(units, 3, "from disk: {from_disk}");
        assert_whole(&database, business, 2).await;
        let turns = call_turns::of_call(&database, business, &call(1)).await.unwrap();
        assert_eq!(turns.last().unwrap().text.as_deref(), Some(long.as_str()));
        actor.stop(None);
    }
}
