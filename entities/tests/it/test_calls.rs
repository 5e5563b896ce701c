//! Test calls beside real ones (CON-5): listed and marked, counted nowhere, told to nobody.

use entities::Database;
use entities::calls::{
    CallFilter, CallSearch, EndOfCall, NewCall, count_since, failed_since, insert_started, list,
    live, record_end, report_end, search,
};
use entities::conversations::{self, OnTelephone};
use entities::outbox::{OutboxFilter, list as outbox};
use protocol::ids::{BusinessId, CallSid};

use crate::support::{call, call_sid, hung_up, inbound, noon, on_each, phone, told};

async fn test_call(db: &Database, business: BusinessId, n: u32) -> CallSid {
    let test = NewCall { is_test: true, ..inbound(n) };
    let started = insert_started(db, business, test).await.unwrap();
    assert!(started.record.is_test);
    started.record.call_sid
}

fn failed() -> EndOfCall {
    EndOfCall { end_reason: "internal".to_owned(), ..hung_up() }
}

async fn listed(db: &Database, business: BusinessId, is_test: Option<bool>) -> Vec<CallSid> {
    let filter = CallFilter { is_test, ..CallFilter::default() };
    let page = list(db, business, filter.clone(), None, 9).await.unwrap().items;
    let all = CallSearch { filter, ..CallSearch::default() };
    let found = search(db, business, all, None, 9).await.unwrap().items;
    assert_eq!(page, found);
    page.into_iter().map(|call| call.call_sid).collect()
}

#[tokio::test]
async fn con_5_a_test_call_is_listed_and_counts_nowhere() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let (real, test) = (call(db, locks, 1).await, test_call(db, locks, 2).await);
        assert_eq!(listed(db, locks, None).await, [test.clone(), real.clone()]);
        assert_eq!(listed(db, locks, Some(true)).await, std::slice::from_ref(&test));
        assert_eq!(listed(db, locks, Some(false)).await, std::slice::from_ref(&real));
        assert_eq!(count_since(db, locks, noon()).await.unwrap(), 1);
        let going_on = live(db, locks, noon(), 9).await.unwrap();
        let marks: Vec<_> = going_on.iter().map(|call| (&call.call_sid, call.is_test)).collect();
        assert_eq!(marks.len(), 2);
        assert!(marks.contains(&(&test, true)) && marks.contains(&(&real, false)), "{marks:?}");
        for call in [&real, &test] {
            record_end(db, locks, call, failed()).await.unwrap();
        }
        let failed: Vec<_> = failed_since(db, locks, noon(), 9).await.unwrap();
        assert_eq!(failed.into_iter().map(|call| call.call_sid).collect::<Vec<_>>(), [real]);
    })
    .await;
}

#[tokio::test]
async fn con_5_nothing_is_told_of_a_test_call_and_its_number_is_not_on_the_telephone() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let (ours, reported) = (test_call(db, locks, 1).await, test_call(db, locks, 2).await);
        let number = phone("+972501234567");
        let on_telephone =
            async || conversations::on_telephone(db, locks, &number, noon()).await.unwrap();
        assert_eq!(on_telephone().await, OnTelephone::No);
        record_end(db, locks, &ours, failed()).await.unwrap();
        report_end(db, locks, &reported, failed()).await.unwrap();
        let told = outbox(db, locks, OutboxFilter::default(), None, 9).await.unwrap().items;
        assert_eq!(told, []);
        call(db, locks, 3).await;
        assert_eq!(on_telephone().await, OnTelephone::Yes);
        record_end(db, locks, &call_sid(3), failed()).await.unwrap();
        let told = outbox(db, locks, OutboxFilter::default(), None, 9).await.unwrap().items;
        assert_eq!(told.len(), 2, "of a real call: call.ended and call.failed");
    })
    .await;
}
