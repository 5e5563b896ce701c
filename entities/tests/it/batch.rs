//! Several writes in one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use entities::call_turns::{self, TurnOfCall, TurnRole, TurnRow};
use entities::calls::{self, CallStatus, Progress};
use entities::leads::{self, Caller, LeadChanges, LeadFilter};
use entities::{Batch, Database, OpenMode, PoolSettings, RecordsError};
use protocol::ids::{BusinessId, CallSid, LeadId};
use tokio::sync::Notify;

use crate::support::{
    business, call, call_sid, hung_up, in_call, inbound, migrate, new_id, noon, on_each, phone,
    two_businesses,
};

fn turn(business: BusinessId, call: &CallSid, seq: u32, text: &str) -> TurnOfCall {
    let turn = TurnRow {
        seq,
        role: TurnRole::Caller,
        item_id: None,
        text: Some(text.to_owned()),
        heard_ms: None,
        cut: false,
        at: noon(),
        measures: entities::call_turns::TurnMeasures::default(),
    };
    TurnOfCall { business, call: call.clone(), turn }
}

async fn texts(db: &Database, business: BusinessId, call: &CallSid) -> Vec<String> {
    let turns = call_turns::of_call(db, business, call).await.unwrap();
    turns.into_iter().filter_map(|turn| turn.text).collect()
}

#[tokio::test]
async fn a_whole_call_is_written_in_one_batch_and_again_without_effect() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let (sid, number) = (call_sid(1), phone("+972501234567"));
        for _ in 0..2 {
            let (sid, number, new) = (sid.clone(), number.clone(), LeadId(new_id()));
            let work = move |batch: Batch| async move {
                // Its end comes first.
                calls::report_end(&batch, locks, &sid, hung_up()).await?;
                calls::insert_started(&batch, locks, inbound(1)).await?;
                let ringing = Progress { status: CallStatus::Ringing, answered_at: None };
                calls::record_progress(&batch, locks, &sid, ringing).await?;
                let caller = Caller::Known(&number);
                let lead = leads::ensure_for_call(&batch, locks, caller, &sid, new, noon()).await?;
                let lead = lead.record.id;
                calls::link_lead(&batch, locks, &sid, lead).await?;
                let named =
                    LeadChanges { full_name: Some("דנה".to_owned()), ..LeadChanges::default() };
                leads::merge_details(&batch, locks, lead, named, None, in_call(1), noon()).await?;
                let turns = [turn(locks, &sid, 1, "שלום"), turn(locks, &sid, 2, "להתראות")];
                call_turns::upsert_all(&batch, turns).await?;
                Ok(batch)
            };
            db.write_batch(work).await.unwrap();
            let stored = calls::get(db, locks, &call_sid(1)).await.unwrap().unwrap();
            assert_eq!(stored.status, CallStatus::Completed);
            assert_eq!(texts(db, locks, &call_sid(1)).await, ["שלום", "להתראות"]);
            let lead = stored.lead_id.unwrap();
            let history = leads::history(db, locks, lead, None, 100).await.unwrap().items;
            assert_eq!(history.len(), 3, "its status, its number and its name: {history:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn ops_10_of_a_batch_that_breaks_a_rule_nothing_is_written_and_the_pool_goes_on() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let sid = call(db, locks, 1).await;
        for breaks in 0..3 {
            let sid = sid.clone();
            let work = move |batch: Batch| async move {
                call_turns::upsert_all(&batch, [turn(locks, &sid, 1, "שלום")]).await?;
                let caller = Caller::Withheld;
                let new = LeadId(new_id());
                leads::ensure_for_call(&batch, locks, caller, &sid, new, noon()).await?;
                match breaks {
                    // The schema's rule, a rule of ours, and the rule of a nested transaction.
                    0 => drop(calls::link_lead(&batch, locks, &sid, LeadId(new_id())).await?),
                    1 => drop(calls::insert_started(&batch, clinic, inbound(1)).await?),
                    _ => {
                        let (none, by) = (LeadChanges::default(), in_call(1));
                        let lead = LeadId(new_id());
                        leads::merge_details(&batch, locks, lead, none, None, by, noon()).await?;
                    }
                }
                Ok(batch)
            };
            let refused = db.write_batch(work).await.unwrap_err();
            assert!(
                matches!(refused, RecordsError::NotFound | RecordsError::Conflict),
                "{breaks}: {refused}"
            );
            assert!(texts(db, locks, &call_sid(1)).await.is_empty(), "{breaks}");
            let leads = leads::list(db, locks, LeadFilter::default(), None, 10).await.unwrap();
            assert!(leads.items.is_empty(), "{breaks}");
        }
        call_turns::upsert_all(db, [turn(locks, &sid, 1, "שלום")]).await.unwrap();
        assert_eq!(texts(db, locks, &sid).await, ["שלום"]);
    })
    .await;
}

/// Its asker has given up waiting, and may have written what comes after it.
#[tokio::test]
async fn ops_10_a_batch_that_nobody_waits_for_any_more_is_not_committed() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("frontdesk.db").display());
    // The next unit of work begins when the batch has ended.
    let pool = PoolSettings { max_connections: 1, ..PoolSettings::default() };
    let db = Database::connect(&url, pool, OpenMode::Create).await.unwrap();
    migrate(&db).await;
    let locks = business(&db, "locks", "+97231111111").await;
    let sid = call(&db, locks, 1).await;
    for gives_up in [false, true] {
        let (written, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let asker = tokio::spawn({
            let (db, sid) = (db.clone(), sid.clone());
            let (written, go_on) = (Arc::clone(&written), Arc::clone(&go_on));
            async move {
                let work = move |batch: Batch| async move {
                    let seq = u32::from(gives_up);
                    call_turns::upsert_all(&batch, [turn(locks, &sid, seq, "שלום")]).await?;
                    written.notify_one();
                    go_on.notified().await;
                    Ok(batch)
                };
                db.write_batch(work).await
            }
        });
        written.notified().await;
        if gives_up {
            asker.abort();
            assert!(asker.await.unwrap_err().is_cancelled());
            go_on.notify_one();
        } else {
            go_on.notify_one();
            asker.await.unwrap().unwrap();
        }
        assert_eq!(texts(&db, locks, &sid).await, ["שלום"], "gives up: {gives_up}");
    }
    db.close().await.unwrap();
}

#[tokio::test]
async fn turns_of_several_calls_are_one_statement_and_those_of_one_turn_are_merged() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let (ours, theirs) = (call(db, locks, 1).await, call(db, clinic, 2).await);
        let statements = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&statements);
        let observed = db.observed(move |statement| {
            let is_turn = statement.sql.contains("call_turns");
            counting.fetch_add(u32::from(is_turn), Ordering::Relaxed);
        });
        let turns = [
            turn(locks, &ours, 1, "של"),
            turn(clinic, &theirs, 1, "hello"),
            turn(locks, &ours, 1, "שלום"),
            turn(locks, &ours, 2, "מה שלומך"),
        ];
        call_turns::upsert_all(&observed, turns).await.unwrap();
        assert_eq!(statements.load(Ordering::Relaxed), 1);
        assert_eq!(texts(db, locks, &ours).await, ["שלום", "מה שלומך"]);
        assert_eq!(texts(db, clinic, &theirs).await, ["hello"]);
        // Another business's word on our turn is none.
        let turns = [turn(locks, &ours, 1, "שלום שלום"), turn(clinic, &ours, 1, "theirs")];
        let refused = call_turns::upsert_all(db, turns).await.unwrap_err();
        assert!(matches!(refused, RecordsError::NotFound), "{refused}");
        assert_eq!(texts(db, locks, &ours).await, ["שלום", "מה שלומך"]);
    })
    .await;
}
