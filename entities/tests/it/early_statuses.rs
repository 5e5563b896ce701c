//! Ends that are reported before a call has a row, and calls that were refused (CALL-11).

use std::time::Duration;

use entities::Database;
use entities::businesses::{CallKey, EndedCall, find_for_voice};
use entities::calls::{
    CallDirection, CallLease, CallRecord, CallStatus, EndOfCall, NewCall, Progress, RefusedCall,
    get, insert_leased, insert_refused, insert_started, record_progress, report_end, report_status,
};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, Fence, NodeId};
use serde_json::json;

use crate::support::{
    at, business, call_sid, inbound, new_id, noon, on_each, phone, two_businesses,
};

fn busy(ended_at: Timestamp) -> EndOfCall {
    EndOfCall {
        ended_at,
        end_reason: "not_connected".to_owned(),
        ended_by: "caller".to_owned(),
        status: Some(CallStatus::Busy),
        duration: Some(Duration::ZERO),
        stats: None,
    }
}

/// What the voice webhook of a call to this number reads of the call's end.
async fn read(db: &Database, number: &str, call: &CallSid) -> Option<EndedCall> {
    let our_number = phone(number);
    let key = CallKey { our_number: &our_number, their_number: None, call: Some(call) };
    find_for_voice(db, key, noon()).await.unwrap().unwrap().ended
}

async fn row(db: &Database, business: BusinessId, call: &CallSid) -> Option<CallRecord> {
    get(db, business, call).await.unwrap()
}

#[tokio::test]
async fn call_11_an_end_without_a_row_is_seen_by_the_webhook_of_its_call_alone() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let (early, sid) = (at("2026-11-22T11:59:59Z"), call_sid(1));
        report_end(db, locks, &sid, busy(early)).await.unwrap();
        report_end(db, locks, &sid, busy(noon())).await.unwrap();
        let reason = "not_connected".to_owned();
        let ended = EndedCall { at: early, reason, is_stored: false, is_terminal: true };
        assert_eq!(read(db, "+97231111111", &sid).await, Some(ended));
        assert_eq!(read(db, "+97231111111", &call_sid(2)).await, None);
        assert_eq!(read(db, "+97232222222", &sid).await, None, "another business's call");
        report_end(db, clinic, &sid, busy(noon())).await.unwrap();
        assert!(read(db, "+97232222222", &sid).await.is_some(), "neither hides the other's");
        assert_eq!(row(db, locks, &sid).await, None);
    })
    .await;
}

#[tokio::test]
async fn call_11_a_row_that_is_written_after_its_end_is_ended_once_and_never_reopened() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let sid = call_sid(1);
        report_end(db, locks, &sid, busy(at("2026-11-22T11:59:59Z"))).await.unwrap();
        let queued = NewCall { status: CallStatus::Queued, ..inbound(1) };
        let started = insert_started(db, locks, queued.clone()).await.unwrap();
        assert!(started.created);
        let record = started.record;
        assert_eq!((record.status, record.ended_at), (CallStatus::Busy, Some(noon())));
        assert_eq!(record.end_reason.as_deref(), Some("not_connected"));
        assert_eq!(record.duration, Some(Duration::ZERO));

        let late = Progress { status: CallStatus::InProgress, answered_at: Some(noon()) };
        record_progress(db, locks, &sid, late).await.unwrap();
        let again = insert_started(db, locks, queued).await.unwrap();
        assert_eq!((again.created, again.record), (false, record.clone()));
        let other = EndOfCall { end_reason: "caller_hung_up".to_owned(), ..busy(noon()) };
        report_end(db, locks, &sid, other).await.unwrap();
        assert_eq!(row(db, locks, &sid).await, Some(record));
        assert!(read(db, "+97231111111", &sid).await.unwrap().is_stored);
    })
    .await;
}

/// Another node has heard of the end, while the call's own could not write.
#[tokio::test]
async fn res_9_an_early_end_is_a_status_of_a_call_that_a_node_has() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let (sid, [own, other]) = (call_sid(1), [(); 2].map(|()| NodeId(new_id())));
        let completed = EndOfCall {
            end_reason: "caller_hung_up".to_owned(),
            status: Some(CallStatus::Completed),
            duration: Some(Duration::from_secs(66)),
            ..busy(noon())
        };
        report_status(db, locks, &sid, completed.clone(), other).await.unwrap();
        let lease = CallLease { node: own, fence: Fence::FIRST };
        insert_leased(db, locks, inbound(1), lease).await.unwrap();
        let record = row(db, locks, &sid).await.unwrap();
        assert_eq!((record.status, record.ended_at), (CallStatus::Completed, None));
        assert_eq!(record.duration, completed.duration);

        let seen = EndOfCall { end_reason: "no_response".to_owned(), ..busy(noon()) };
        report_end(db, locks, &sid, seen).await.unwrap();
        report_status(db, locks, &sid, completed, other).await.unwrap();
        let record = row(db, locks, &sid).await.unwrap();
        assert_eq!(record.end_reason.as_deref(), Some("no_response"));
        assert_eq!(record.status, CallStatus::Completed);
    })
    .await;
}

#[tokio::test]
async fn call_11_early_ends_are_kept_for_an_hour_and_a_thousand_of_each_business() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let kept = async |n: u32| read(db, "+97231111111", &call_sid(n)).await.is_some();
        report_end(db, clinic, &call_sid(9999), busy(noon())).await.unwrap();
        report_end(db, locks, &call_sid(0), busy(noon())).await.unwrap();
        let minutes = |minutes| noon() + SignedDuration::from_mins(minutes);
        report_end(db, locks, &call_sid(1), busy(minutes(59))).await.unwrap();
        assert!(kept(0).await);
        report_end(db, locks, &call_sid(2), busy(minutes(61))).await.unwrap();
        assert!(!kept(0).await && kept(1).await);
        for n in 3..=1001 {
            let at = minutes(61) + SignedDuration::from_millis(n.into());
            report_end(db, locks, &call_sid(n), busy(at)).await.unwrap();
        }
        assert!(!kept(1).await && kept(2).await && kept(1001).await);
        assert!(read(db, "+97232222222", &call_sid(9999)).await.is_some());
    })
    .await;
}

fn refused(n: u32) -> RefusedCall {
    let call = inbound(n);
    let end = EndOfCall {
        end_reason: "refused".to_owned(),
        ended_by: "daemon".to_owned(),
        status: None,
        duration: None,
        stats: Some(json!({"refused": "full"})),
        ..busy(noon())
    };
    RefusedCall {
        call_sid: call.call_sid,
        direction: CallDirection::Inbound,
        from_number: call.from_number,
        to_number: call.to_number,
        started_at: call.started_at,
        end,
    }
}

#[tokio::test]
async fn call_11_a_refused_call_has_a_row_and_ends_no_call_that_goes_on() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let record = insert_refused(db, locks, refused(1)).await.unwrap();
        assert_eq!((record.ended_at, record.status), (Some(noon()), CallStatus::InProgress));
        assert_eq!(record.end_reason.as_deref(), Some("refused"));
        assert_eq!(insert_refused(db, locks, refused(1)).await.unwrap(), record);
        report_end(db, locks, &call_sid(1), busy(noon())).await.unwrap();
        let told = row(db, locks, &call_sid(1)).await.unwrap();
        assert_eq!((told.status, told.end_reason), (CallStatus::Busy, record.end_reason));

        let live = NewCall { status: CallStatus::InProgress, ..inbound(2) };
        insert_started(db, locks, live).await.unwrap();
        assert_eq!(insert_refused(db, locks, refused(2)).await.unwrap().ended_at, None);
        let placed = NewCall { status: CallStatus::Queued, ..inbound(3) };
        insert_started(db, locks, placed).await.unwrap();
        assert_eq!(insert_refused(db, locks, refused(3)).await.unwrap().ended_at, Some(noon()));
        report_end(db, locks, &call_sid(4), busy(noon())).await.unwrap();
        let early = insert_refused(db, locks, refused(4)).await.unwrap();
        assert_eq!(
            (early.status, early.end_reason.as_deref()),
            (CallStatus::Busy, Some("refused"))
        );
    })
    .await;
}
