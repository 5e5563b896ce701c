//! Calls from the webhook to the end, and their turns.

use std::time::Duration;

use entities::RecordsError;
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{
    CallDirection, CallFilter, CallStatus, EndOfCall, NewCall, Progress, get, insert_started,
    link_lead, list, live_all, record_end, record_progress, with_part,
};
use protocol::ids::ItemId;
use serde_json::json;

use crate::support::{
    at, business, call, call_sid, inbound, lead, noon, on_each, phone, two_businesses,
};

fn hang_up() -> EndOfCall {
    EndOfCall {
        ended_at: at("2026-11-22T12:03:00Z"),
        end_reason: "lead_complete".to_owned(),
        ended_by: "model".to_owned(),
        status: None,
        duration: None,
        stats: Some(json!({"sent": 9000})),
    }
}

fn callback() -> EndOfCall {
    EndOfCall {
        ended_at: at("2026-11-22T12:03:02Z"),
        end_reason: "caller_hung_up".to_owned(),
        ended_by: "twilio".to_owned(),
        status: Some(CallStatus::Completed),
        duration: Some(Duration::from_secs(183)),
        stats: None,
    }
}

fn turn(seq: u32, text: Option<&str>) -> TurnRow {
    TurnRow {
        seq,
        role: TurnRole::Caller,
        item_id: ItemId::parse(&format!("item_{seq}")).ok(),
        text: text.map(ToOwned::to_owned),
        heard_ms: None,
        cut: false,
        at: noon(),
        measures: entities::call_turns::TurnMeasures::default(),
    }
}

#[tokio::test]
async fn call_9_a_second_webhook_for_a_call_changes_nothing() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let first = insert_started(db, locks, inbound(1)).await.unwrap();
        assert!(first.created);
        let mut again = inbound(1);
        again.started_at = at("2026-11-22T13:00:00Z");
        again.from_number = Some(phone("+972509999999"));
        let again = insert_started(db, locks, again).await.unwrap();
        assert_eq!((again.created, &again.record), (false, &first.record));
        assert_eq!(first.record.from_number, Some(phone("+972501234567")));
    })
    .await;
}

#[tokio::test]
async fn call_5_the_first_answer_time_and_the_first_lead_of_a_call_are_kept() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call(db, locks, 1).await;
        let answered = at("2026-11-22T12:00:05.25Z");
        for answered_at in [None, Some(answered), Some(noon()), None] {
            let progress = Progress { status: CallStatus::InProgress, answered_at };
            record_progress(db, locks, &sid, progress).await.unwrap();
        }
        let first = lead(db, locks, "+972501111111").await;
        let second = lead(db, locks, "+972502222222").await;
        link_lead(db, locks, &sid, first).await.unwrap();
        link_lead(db, locks, &sid, second).await.unwrap();
        let record = get(db, locks, &sid).await.unwrap().unwrap();
        assert_eq!((record.status, record.answered_at), (CallStatus::InProgress, Some(answered)));
        assert_eq!(record.lead_id, Some(first));
    })
    .await;
}

#[tokio::test]
async fn end_1_the_first_end_of_a_call_sets_the_reason_and_later_ones_fill_in_missing_values() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call(db, locks, 1).await;
        let ended = record_end(db, locks, &sid, hang_up()).await.unwrap();
        assert_eq!((ended.status, ended.duration), (CallStatus::Ringing, None));

        let filled = record_end(db, locks, &sid, callback()).await.unwrap();
        assert_eq!(filled.end_reason.as_deref(), Some("lead_complete"));
        assert_eq!(filled.ended_by.as_deref(), Some("model"));
        assert_eq!(filled.ended_at, Some(hang_up().ended_at));
        assert_eq!(filled.status, CallStatus::Completed);
        assert_eq!(filled.duration, Some(Duration::from_secs(183)));
        assert_eq!(filled.stats, Some(json!({"sent": 9000})));

        let failed = EndOfCall {
            status: Some(CallStatus::Failed),
            duration: Some(Duration::from_secs(1)),
            ..callback()
        };
        assert_eq!(record_end(db, locks, &sid, failed).await.unwrap(), filled);
        let late = Progress { status: CallStatus::InProgress, answered_at: None };
        record_progress(db, locks, &sid, late).await.unwrap();
        assert_eq!(get(db, locks, &sid).await.unwrap().unwrap(), filled);
    })
    .await;
}

#[tokio::test]
async fn res_4_the_sweep_sees_the_live_calls_of_all_businesses() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        for n in 1..=3 {
            call(db, locks, n).await;
        }
        call(db, clinic, 4).await;
        record_end(db, locks, &call_sid(2), hang_up()).await.unwrap();
        let sids = |calls: Vec<entities::calls::CallRecord>| {
            let mut sids: Vec<_> = calls.into_iter().map(|call| call.call_sid).collect();
            sids.sort();
            sids
        };
        let all = sids(live_all(db).await.unwrap());
        assert_eq!(all, [call_sid(1), call_sid(3), call_sid(4)]);
    })
    .await;
}

#[tokio::test]
async fn ops_4_calls_are_listed_newest_first_in_pages_even_when_two_began_together() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        for (n, began) in [(1, "12:02"), (2, "12:01"), (3, "12:01"), (4, "12:01"), (5, "12:00")] {
            let started_at = at(&format!("2026-11-22T{began}:00Z"));
            let new = entities::calls::NewCall { started_at, ..inbound(n) };
            insert_started(db, locks, new).await.unwrap();
        }
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = list(db, locks, CallFilter::default(), after.as_ref(), 2).await.unwrap();
            listed.extend(page.items.into_iter().map(|call| call.call_sid));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, [1, 4, 3, 2, 5].map(call_sid));
        let unknown = list(db, locks, CallFilter::default(), Some(&call_sid(9)), 2).await;
        assert!(matches!(unknown, Err(RecordsError::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn ops_14_calls_are_filtered_by_time_person_end_and_status_and_found_by_a_part_of_their_sid()
{
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let other = phone("+972509999999");
        let placed = NewCall {
            direction: CallDirection::Outbound,
            from_number: Some(phone("+97231111111")),
            to_number: other.clone(),
            started_at: at("2026-11-22T13:00:00Z"),
            ..inbound(2)
        };
        insert_started(db, locks, inbound(1)).await.unwrap();
        insert_started(db, locks, placed).await.unwrap();
        insert_started(db, clinic, inbound(3)).await.unwrap();
        record_end(db, locks, &call_sid(1), hang_up()).await.unwrap();
        record_end(db, locks, &call_sid(1), callback()).await.unwrap();
        let one_o_clock = at("2026-11-22T13:00:00Z");
        let all = CallFilter::default;
        for (filter, found) in [
            (all(), vec![2, 1]),
            (CallFilter { since: Some(one_o_clock), ..all() }, vec![2]),
            (CallFilter { until: Some(one_o_clock), ..all() }, vec![1]),
            // The person is who was called. The business's own number is nobody's.
            (CallFilter { phone: Some(other), ..all() }, vec![2]),
            (CallFilter { phone: Some(phone("+97231111111")), ..all() }, vec![]),
            (CallFilter { end_reason: Some("lead_complete".to_owned()), ..all() }, vec![1]),
            (CallFilter { status: Some(CallStatus::Completed), ..all() }, vec![1]),
        ] {
            let page = list(db, locks, filter.clone(), None, 10).await.unwrap();
            let sids: Vec<_> = page.items.into_iter().map(|call| call.call_sid).collect();
            let found: Vec<_> = found.into_iter().map(call_sid).collect();
            assert_eq!(sids, found, "{filter:?}");
        }
        let of_all = list(db, None, all(), None, 10).await.unwrap();
        assert_eq!(of_all.items.len(), 3);
        let sid = call_sid(3);
        let ending = &sid.as_str()[sid.as_str().len() - 8..];
        let found = with_part(db, ending, 2).await.unwrap();
        assert_eq!(found.into_iter().map(|call| call.call_sid).collect::<Vec<_>>(), [sid]);
        assert_eq!(with_part(db, "CA", 2).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn res_2_a_late_transcript_is_added_to_its_turn_and_erases_nothing() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call(db, locks, 1).await;
        let agent = TurnRow {
            role: TurnRole::Agent, ..turn(2, Some("שלום, במה אפשר לעזור?"))
        };
        let stored = [turn(1, None), agent.clone()];
        call_turns::upsert_many(db, locks, &sid, &stored).await.unwrap();
        assert_eq!(call_turns::of_call(db, locks, &sid).await.unwrap(), stored);

        let cut =
            TurnRow {
                heard_ms: Some(740), cut: true, text: Some("שלום, במה".to_owned()), ..agent
            };
        let late = TurnRow { item_id: None, ..turn(1, Some("היי")) };
        call_turns::upsert_many(db, locks, &sid, &[late, cut.clone()]).await.unwrap();
        let silent = TurnRow { text: None, heard_ms: None, cut: false, ..cut.clone() };
        call_turns::upsert_many(db, locks, &sid, &[silent]).await.unwrap();

        let known = call_turns::of_call(db, locks, &sid).await.unwrap();
        assert_eq!(known, [turn(1, Some("היי")), cut]);
    })
    .await;
}

#[tokio::test]
async fn many_turns_are_stored_at_once_even_if_one_comes_twice() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call(db, locks, 1).await;
        let mut turns: Vec<TurnRow> = (0..1_200).map(|seq| turn(seq, None)).collect();
        turns.push(turn(7, Some("late")));
        turns.push(TurnRow { cut: true, ..turn(7, None) });
        call_turns::upsert_many(db, locks, &sid, &turns).await.unwrap();
        call_turns::upsert_many(db, locks, &sid, &[]).await.unwrap();
        let known = call_turns::of_call(db, locks, &sid).await.unwrap();
        assert_eq!(known.len(), 1_200);
        assert_eq!(known[7], TurnRow { cut: true, ..turn(7, Some("late")) });
    })
    .await;
}
