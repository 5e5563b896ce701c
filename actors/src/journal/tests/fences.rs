//! What a node writes of a call that another has taken over (RES-9).

use entities::calls::CallLease;
use protocol::ids::{Fence, NodeId};
use uuid::Uuid;

use super::*;
use crate::messages::EntryKind;

fn under(lease: CallLease, entry: JournalEntry) -> JournalEntry {
    JournalEntry { lease: Some(lease), ..entry }
}

fn spoken(business: BusinessId, n: u32, seq: u32) -> JournalEntry {
    let turn = entities::call_turns::TurnRow {
        seq,
        role: entities::call_turns::TurnRole::Caller,
        item_id: None,
        text: Some(format!("turn {seq}")),
        heard_ms: None,
        cut: false,
        at: began(),
        measures: entities::call_turns::TurnMeasures::default(),
    };
    JournalEntry::turn(business, call(n), turn)
}

async fn turns(database: &Database, business: BusinessId, n: u32) -> usize {
    entities::call_turns::of_call(database, business, &call(n)).await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn invariant_21_of_a_batch_what_a_node_writes_of_a_lost_call_is_dropped_and_the_rest_is_written()
 {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let node = crate::testing::node(&database);
    let (mine, other) = (node.first_lease(), NodeId(Uuid::from_u128(7)));
    let journal = on(folder.path());
    let actor = spawn_as(node.clone(), &journal, &database, Chance::seeded(1)).await;
    for n in [1, 2] {
        journal.record(under(mine, started(business, n)));
        journal.record(under(mine, spoken(business, n, 1)));
    }
    sleep(Duration::from_secs(1)).await;
    let taken = calls::take_over(&database, business, &call(1), Some(mine), other).await.unwrap();
    let theirs = CallLease { node: other, fence: Fence(2) };
    assert_eq!(taken, Some(theirs));
    // The new node goes on with the call, and the old one does not know yet.
    calls::check_fences(&database, [(call(1), theirs)].into()).await.unwrap();
    for n in [1, 2] {
        journal.record(under(mine, spoken(business, n, 2)));
        journal.record(under(mine, ended(business, n)));
    }
    // One that comes alone is refused, too.
    sleep(Duration::from_secs(1)).await;
    journal.record(under(mine, spoken(business, 1, 3)));
    sleep(Duration::from_secs(1)).await;
    assert_eq!((turns(&database, business, 1).await, turns(&database, business, 2).await), (1, 2));
    assert!(
        !is_complete(&database, business, 1).await && is_complete(&database, business, 2).await
    );
    assert_eq!(node.take_lost(), [(call(1), mine.fence)]);
    assert_eq!((journal.depth(), journal.disk.set_aside_so_far()), (0, 0));
    actor.stop(None);
}

#[tokio::test(start_paused = true)]
async fn invariant_21_what_is_written_alone_is_checked_in_the_transaction_that_writes_it() {
    for after in (10..=610).step_by(60) {
        let folder = tempfile::tempdir().unwrap();
        let (database, business) = database().await;
        let node = crate::testing::node(&database);
        let (mine, other) = (node.first_lease(), NodeId(Uuid::from_u128(7)));
        let journal = on(folder.path());
        let actor = spawn_as(node.clone(), &journal, &database, Chance::seeded(1)).await;
        for n in [1, 2] {
            journal.record(under(mine, started(business, n)));
        }
        sleep(Duration::from_secs(1)).await;
        let theirs = database.of_another_process();
        calls::take_over(&theirs, business, &call(1), Some(mine), other).await.unwrap().unwrap();
        let faults = database.faults().unwrap();
        faults.set(DatabaseFault::Slow(Duration::from_millis(100)), FaultExtent::Lasting);
        // The batch is refused for the first call, so each entry is written alone.
        for n in [1, 2] {
            journal.record(under(mine, spoken(business, n, 1)));
        }
        sleep(Duration::from_millis(after)).await;
        calls::take_over(&theirs, business, &call(2), Some(mine), other).await.unwrap().unwrap();
        let before = turns(&theirs, business, 2).await;
        sleep(Duration::from_secs(2)).await;
        assert_eq!(turns(&theirs, business, 2).await, before, "taken over after {after} ms");
        actor.stop(None);
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_21_what_waited_on_disk_is_refused_after_a_take_over_too() {
    let folder = tempfile::tempdir().unwrap();
    let (database, business) = database().await;
    let (faults, journal) = (database.faults().unwrap(), on(folder.path()));
    let node = crate::testing::node(&database);
    let (mine, other) = (node.first_lease(), NodeId(Uuid::from_u128(7)));
    let actor = spawn_as(node.clone(), &journal, &database, Chance::seeded(1)).await;
    journal.record(under(mine, started(business, 1)));
    sleep(Duration::from_secs(1)).await;
    faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
    journal.record(under(mine, spoken(business, 1, 1)));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(journal.disk.waiting(), 1);
    faults.clear();
    // Before the node's next try, which comes at most half a second later.
    calls::take_over(&database, business, &call(1), Some(mine), other).await.unwrap().unwrap();
    sleep(Duration::from_secs(10)).await;
    assert_eq!((journal.disk.waiting(), turns(&database, business, 1).await), (0, 0));
    assert_eq!(node.take_lost(), [(call(1), mine.fence)]);
    actor.stop(None);
}

#[test]
fn a_record_of_a_daemon_that_was_alone_can_be_read_from_its_file() {
    let (business, n) = (BusinessId(Uuid::from_u128(1)), 1);
    let json = serde_json::to_value(spoken(business, n, 1)).unwrap();
    assert!(json.get("lease").is_none());
    let read: JournalEntry = serde_json::from_value(json).unwrap();
    assert!(read.lease.is_none() && matches!(read.kind, EntryKind::Turn(_)));
}
