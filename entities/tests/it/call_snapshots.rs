//! Snapshots of running calls (RES-4).

use entities::Database;
use entities::RecordsError;
use entities::businesses::{CallKey, find_for_voice};
use entities::call_snapshots::{
    SnapshotChange, SnapshotOf, StoredSnapshot, left_behind, of_any_business, remove, resume, save,
    save_all,
};
use entities::calls::record_end;
use jiff::SignedDuration;
use protocol::ids::CallSid;

use crate::support::{business, call, call_sid, hung_up, noon, on_each, phone};

fn first() -> SnapshotChange {
    SnapshotChange {
        taken_ms: 0,
        setup: Some("{\"setup\":1}".to_owned()),
        state: "{\"n\":1}".to_owned(),
        resumes: Vec::new(),
        entries: Vec::new(),
    }
}

fn later(taken_ms: u64, state: &str, entries: &[(u32, &str)]) -> SnapshotChange {
    SnapshotChange {
        taken_ms,
        setup: None,
        state: state.to_owned(),
        resumes: Vec::new(),
        entries: entries.iter().map(|(number, text)| (*number, (*text).to_owned())).collect(),
    }
}

async fn stored(db: &Database, call: &CallSid) -> Option<StoredSnapshot> {
    of_any_business(db, call).await.unwrap()
}

async fn webhook_sees_it(db: &Database, call: &CallSid) -> bool {
    let our_number = phone("+97231111111");
    let key = CallKey { our_number: &our_number, their_number: None, call: Some(call) };
    find_for_voice(db, key, noon()).await.unwrap().unwrap().has_snapshot
}

#[tokio::test]
async fn res_4_changes_add_up_and_an_older_one_changes_nothing() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call(db, locks, 1).await;
        assert_eq!(stored(db, &sid).await, None);
        save(db, locks, &sid, later(5, "no setup yet", &[(1, "x")])).await.unwrap();
        assert_eq!(stored(db, &sid).await, None);
        assert!(!webhook_sees_it(db, &sid).await);

        save(db, locks, &sid, first()).await.unwrap();
        save(db, locks, &sid, later(10, "b", &[(1, "one"), (2, "tw")])).await.unwrap();
        save(db, locks, &sid, later(20, "c", &[(2, "two"), (3, "three")])).await.unwrap();
        save(db, locks, &sid, later(19, "old", &[(1, "old")])).await.unwrap();
        save(db, locks, &sid, SnapshotChange { taken_ms: 19, ..first() }).await.unwrap();
        let found = stored(db, &sid).await.unwrap();
        assert_eq!((found.business, found.is_over), (locks, false));
        assert_eq!((found.setup.as_str(), found.state.as_str()), ("{\"setup\":1}", "c"));
        assert_eq!(found.entries, ["one", "two", "three"]);
        assert!(webhook_sees_it(db, &sid).await);
        assert!(!webhook_sees_it(db, &call_sid(2)).await);
    })
    .await;
}

#[tokio::test]
async fn res_4_changes_of_many_calls_are_written_together() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let clinic = business(db, "clinic", "+97232222222").await;
        let (one, two, three) =
            (call(db, locks, 1).await, call(db, locks, 2).await, call(db, clinic, 3).await);
        let of =
            |business, call: &CallSid, change| SnapshotOf { business, call: call.clone(), change };
        save(db, locks, &one, first()).await.unwrap();
        save(db, locks, &two, first()).await.unwrap();
        save(db, locks, &two, later(90, "newer", &[])).await.unwrap();
        let together = vec![
            of(locks, &one, later(10, "a", &[(1, "on"), (2, "tw")])),
            of(locks, &two, later(20, "older", &[(1, "older")])),
            of(clinic, &three, first()),
            of(locks, &one, later(20, "b", &[(1, "one")])),
            of(clinic, &three, later(5, "c", &[(1, "three")])),
            // Another business's call, and one whose snapshot is not there.
            of(clinic, &one, later(99, "theirs", &[(9, "theirs")])),
            of(locks, &call_sid(8), later(1, "none", &[(1, "none")])),
        ];
        save_all(db, together).await.unwrap();
        for (call, state, entries) in
            [(&one, "b", ["one", "tw"].as_slice()), (&two, "newer", &[]), (&three, "c", &["three"])]
        {
            let found = stored(db, call).await.unwrap();
            assert_eq!(found.state, state);
            assert_eq!(found.entries, entries);
        }
        assert_eq!(stored(db, &call_sid(8)).await, None);
    })
    .await;
}

#[tokio::test]
async fn res_4_a_snapshot_of_a_call_without_a_row_is_refused() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let refused = save(db, locks, &call_sid(7), first()).await;
        assert!(matches!(refused, Err(RecordsError::NotFound)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn call_1_resumes_are_counted_before_the_call_goes_on_and_for_a_minute() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call(db, locks, 1).await;
        assert_eq!(resume(db, &sid, noon()).await.unwrap(), None);
        save(db, locks, &sid, first()).await.unwrap();
        let after = |secs| noon() + SignedDuration::from_secs(secs);
        let before = async |secs| resume(db, &sid, after(secs)).await.unwrap().unwrap().resumes;
        assert_eq!(before(0).await, []);
        assert_eq!(before(10).await, [noon()]);
        assert_eq!(before(59).await, [noon(), after(10)]);
        assert_eq!(before(60).await, [after(10), after(59)]);
        // The call itself writes those that it has seen.
        let seen = SnapshotChange { resumes: vec![after(61)], ..later(9, "s", &[]) };
        save(db, locks, &sid, seen).await.unwrap();
        assert_eq!(before(62).await, [after(61)]);
    })
    .await;
}

#[tokio::test]
async fn res_4_an_ended_call_with_a_snapshot_is_found_by_the_sweep_until_it_is_removed() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let (over, running) = (call(db, locks, 1).await, call(db, locks, 2).await);
        for sid in [&over, &running] {
            save(db, locks, sid, first()).await.unwrap();
            save(db, locks, sid, later(1, "s", &[(1, "said")])).await.unwrap();
        }
        record_end(db, locks, &over, hung_up()).await.unwrap();
        assert!(stored(db, &over).await.unwrap().is_over);
        assert_eq!(left_behind(db, Vec::new()).await.unwrap(), std::slice::from_ref(&over));
        for _ in 0..2 {
            remove(db, locks, &over).await.unwrap();
        }
        assert_eq!(left_behind(db, Vec::new()).await.unwrap(), []);
        assert_eq!(stored(db, &over).await, None);
        save(db, locks, &over, first()).await.unwrap();
        assert_eq!(stored(db, &over).await.unwrap().entries, [""; 0]);
        assert_eq!(stored(db, &running).await.unwrap().entries, ["said"]);
    })
    .await;
}
