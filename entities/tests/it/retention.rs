//! What is too old is deleted, and counted (OPS-7).

use entities::Database;
use entities::call_snapshots::{self, SnapshotChange};
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, NewCall};
use entities::conversations::{
    self, ConversationId, MessageChange, Step, claim, of_person, release, store, take_in,
};
use entities::messages::{IncomingMessage, MessageId, MessageKind, MessageStatus, conversation};
use entities::retention::{DeletedCount, DeletedKind, Old, delete_old, deleted};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid};
use serde_json::json;
use uuid::Uuid;

use crate::support::{at, business, inbound, new_id, noon, on_each, phone, two_businesses};

const CUTOFF: &str = "2026-11-01T00:00:00Z";

fn turn(seq: u32, at: Timestamp) -> TurnRow {
    TurnRow {
        seq,
        role: TurnRole::Caller,
        item_id: None,
        text: Some("my lock is broken".to_owned()),
        heard_ms: None,
        cut: false,
        at,
        measures: entities::call_turns::TurnMeasures::default(),
    }
}

/// A call with three turns and a snapshot.
async fn called(db: &Database, business: BusinessId, n: u32, started_at: Timestamp) -> CallSid {
    let new = NewCall { started_at, ..inbound(n) };
    let call = calls::insert_started(db, business, new).await.unwrap().record.call_sid;
    let turns: Vec<_> = (1..4).map(|seq| turn(seq, started_at)).collect();
    call_turns::upsert_many(db, business, &call, &turns).await.unwrap();
    let snapshot = SnapshotChange {
        taken_ms: 1,
        setup: Some("{}".to_owned()),
        state: "{}".to_owned(),
        resumes: Vec::new(),
        entries: vec![(1, "{}".to_owned()), (2, "{}".to_owned())],
    };
    call_snapshots::save(db, business, &call, snapshot).await.unwrap();
    call
}

/// A person has written, and was answered.
async fn wrote(db: &Database, business: BusinessId, person: &str, opted_out: bool, at: Timestamp) {
    let (person, owner) = (phone(person), Uuid::from_u128(1));
    let message = IncomingMessage {
        id: MessageId(new_id()),
        person: person.clone(),
        provider_sid: format!("SM{}", new_id().simple()),
        body: "is anybody there?".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    };
    let asked = message.id;
    take_in(db, business, message, ConversationId(new_id()), at).await.unwrap();
    let until = at + SignedDuration::from_mins(1);
    let claimed = claim(db, business, &person, owner, until, at).await.unwrap().unwrap();
    let answer = MessageChange::Stored {
        id: MessageId(new_id()),
        body: "yes".to_owned(),
        answers: Some(asked),
        status: MessageStatus::Queued,
        cost: None,
    };
    let step = Step {
        state: json!({"said": "yes"}),
        due: false,
        lease_until: until,
        lead: None,
        began: None,
        closed: None,
        notes: Some("a broken lock".to_owned()),
        opted_out: Some(opted_out),
        needs_person: None,
        messages: vec![MessageChange::Handled(vec![asked]), answer],
    };
    assert!(store(db, claimed.claim, &person, step, at).await.unwrap());
    release(db, claimed.claim).await.unwrap();
}

/// Deletes all that is old, `most` rows at a time. Returns how many units it took.
async fn delete_all(db: &Database, business: BusinessId, most: u32) -> u32 {
    let mut units = 0;
    for what in Old::all() {
        loop {
            units += 1;
            let done = delete_old(db, business, what, at(CUTOFF), most, noon()).await.unwrap();
            assert!(done <= u64::from(most), "{what:?}: {done}");
            if done < u64::from(most) {
                break;
            }
        }
    }
    units
}

fn count(month: &str, kind: DeletedKind, count: u64) -> DeletedCount {
    DeletedCount { month: month.to_owned(), kind, count }
}

#[tokio::test]
async fn ops_7_old_turns_messages_and_conversations_of_one_business_go_and_their_counts_stay() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let (july, august) = (at("2026-07-31T23:59:59Z"), at("2026-08-01T00:00:00Z"));
        let old = called(db, locks, 1, july).await;
        let older = called(db, locks, 2, august).await;
        let new = called(db, locks, 3, at(CUTOFF)).await;
        let theirs = called(db, clinic, 4, july).await;
        for (business, person, opted_out, at) in [
            (locks, "+972500000001", false, july),
            (locks, "+972500000002", true, august),
            (locks, "+972500000003", false, at(CUTOFF)),
            (clinic, "+972500000001", false, july),
        ] {
            wrote(db, business, person, opted_out, at).await;
        }

        // 6 turns, 2 snapshots, 4 messages, 2 conversations, no event.
        assert_eq!(delete_all(db, locks, 2).await, 4 + 2 + 3 + 2 + 1);

        for call in [&old, &older] {
            assert_eq!(call_turns::of_call(db, locks, call).await.unwrap(), []);
            assert_eq!(call_snapshots::of_any_business(db, call).await.unwrap(), None);
            assert!(calls::get(db, locks, call).await.unwrap().is_some(), "the call stays");
        }
        assert_eq!(call_turns::of_call(db, locks, &new).await.unwrap().len(), 3);
        assert_eq!(call_turns::of_call(db, clinic, &theirs).await.unwrap().len(), 3);
        for (call, entries) in [(&new, 2), (&theirs, 2)] {
            let kept = call_snapshots::of_any_business(db, call).await.unwrap().unwrap();
            assert_eq!(kept.entries.len(), entries);
        }
        for (business, person, messages) in [
            (locks, "+972500000001", 0),
            (locks, "+972500000002", 0),
            (locks, "+972500000003", 2),
            (clinic, "+972500000001", 2),
        ] {
            let kept = conversation(db, business, &phone(person), 9).await.unwrap();
            assert_eq!(kept.len(), messages, "{person}");
        }
        assert_eq!(of_person(db, locks, &phone("+972500000001")).await.unwrap(), None);
        let opted_out = of_person(db, locks, &phone("+972500000002")).await.unwrap().unwrap();
        assert!(opted_out.opted_out && opted_out.notes.is_none(), "{opted_out:?}");
        assert!(of_person(db, locks, &phone("+972500000003")).await.unwrap().is_some());

        let mut counts = deleted(db, locks).await.unwrap();
        counts.sort_by_key(|count| (count.month.clone(), count.kind));
        let kinds = [DeletedKind::Turns, DeletedKind::MessagesIn, DeletedKind::MessagesOut];
        let mut expected: Vec<_> = ["2026-07", "2026-08"]
            .iter()
            .flat_map(|month| kinds.map(|kind| (*month, kind)))
            .map(|(month, kind)| count(month, kind, if kind == kinds[0] { 3 } else { 1 }))
            .collect();
        expected.insert(3, count("2026-07", DeletedKind::Conversations, 1));
        assert_eq!(counts, expected);
        assert_eq!(deleted(db, clinic).await.unwrap(), []);
        // Nothing is deleted or counted twice.
        delete_all(db, locks, 100).await;
        assert_eq!(deleted(db, locks).await.unwrap().len(), expected.len());
    })
    .await;
}

#[tokio::test]
async fn ops_7_a_conversation_that_somebody_works_on_stays() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let (old, person) = (at("2026-08-01T00:00:00Z"), phone("+972500000001"));
        wrote(db, locks, person.as_str(), false, old).await;
        let until = noon() + SignedDuration::from_mins(1);
        let owner = Uuid::from_u128(2);
        let work = claim(db, locks, &person, owner, until, noon()).await.unwrap().unwrap();
        delete_all(db, locks, 9).await;
        assert!(conversations::of_person(db, locks, &person).await.unwrap().is_some());
        release(db, work.claim).await.unwrap();
        delete_all(db, locks, 9).await;
        assert_eq!(conversations::of_person(db, locks, &person).await.unwrap(), None);
    })
    .await;
}
