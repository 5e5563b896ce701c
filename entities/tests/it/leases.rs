//! Who has a call, and what a node that has lost it may no longer write (RES-9).

use std::collections::BTreeMap;

use entities::appointments::{
    self, AppointmentId, AppointmentStatus, Authority, MoveError, NewAppointment, NewTimes,
    Selector,
};
use entities::calls::{self, CallLease, CallRecord};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, Fence, NodeId};

use crate::support::{
    business, call_sid, hung_up, inbound, lead, new_id, noon, on_each, two_businesses,
};

fn lease(fence: u32) -> CallLease {
    CallLease { node: NodeId(new_id()), fence: Fence(fence) }
}

async fn check(db: &Database, n: u32, lease: CallLease) -> Result<(), RecordsError> {
    calls::check_fences(db, BTreeMap::from([(call_sid(n), lease)])).await
}

async fn leased(db: &Database, business: BusinessId, n: u32) -> CallLease {
    let first = lease(1);
    calls::insert_leased(db, business, inbound(n), first).await.unwrap();
    first
}

#[tokio::test]
async fn invariant_20_of_two_nodes_that_answer_one_webhook_the_first_in_the_database_has_the_call()
{
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        let (first, second) = (leased(db, business, 1).await, lease(1));
        // What is written again changes nothing.
        calls::insert_leased(db, business, inbound(1), first).await.unwrap();
        let late = calls::insert_leased(db, business, inbound(1), second).await;
        assert!(matches!(late, Err(RecordsError::Fenced)), "{late:?}");
        assert!(check(db, 1, first).await.is_ok());
        assert!(matches!(check(db, 1, second).await, Err(RecordsError::Fenced)));
        let found = calls::lease_of_live(db, &call_sid(1)).await.unwrap().unwrap();
        assert_eq!((found.business, found.lease), (business, Some(first)));
    })
    .await;
}

#[tokio::test]
async fn invariant_20_a_placed_call_belongs_to_the_node_that_answers_it() {
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        calls::insert_started(db, business, inbound(1)).await.unwrap();
        assert_eq!(calls::lease_of_live(db, &call_sid(1)).await.unwrap().unwrap().lease, None);
        let first = leased(db, business, 1).await;
        assert_eq!(
            calls::lease_of_live(db, &call_sid(1)).await.unwrap().unwrap().lease,
            Some(first)
        );
    })
    .await;
}

#[tokio::test]
async fn call_5_a_status_ends_no_call_that_another_node_has_and_any_other() {
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        let reporter = NodeId(new_id());
        let report = async |n| {
            calls::report_status(db, business, &call_sid(n), hung_up(), reporter).await.unwrap();
            calls::get(db, business, &call_sid(n)).await.unwrap()
        };
        let told = hung_up();
        let has_status = |record: &CallRecord| {
            (Some(record.status), record.duration) == (told.status, told.duration)
        };
        leased(db, business, 1).await;
        let record = report(1).await.unwrap();
        assert!(has_status(&record), "{record:?}");
        assert_eq!((record.ended_at, record.end_reason, record.ended_by), (None, None, None));
        // The call's own node ends it.
        let ended = calls::record_end(db, business, &call_sid(1), hung_up()).await.unwrap();
        assert!(ended.ended_at.is_some() && has_status(&ended));
        assert_eq!(report(1).await.unwrap(), ended, "it is over");

        let own = CallLease { node: reporter, fence: Fence(1) };
        calls::insert_leased(db, business, inbound(2), own).await.unwrap();
        calls::insert_started(db, business, inbound(3)).await.unwrap();
        for n in [2, 3] {
            let record = report(n).await.unwrap();
            assert!(record.ended_at.is_some() && has_status(&record), "{n}: {record:?}");
        }
        assert_eq!(report(4).await, None);
        let late = calls::insert_started(db, business, inbound(4)).await.unwrap().record;
        assert!(late.ended_at.is_some(), "it was kept for the row");
    })
    .await;
}

#[tokio::test]
async fn invariant_21_after_a_take_over_the_database_refuses_what_carries_the_older_number() {
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        let old = leased(db, business, 1).await;
        let (one, other) = (NodeId(new_id()), NodeId(new_id()));
        let taken = calls::take_over(db, business, &call_sid(1), Some(old), one).await.unwrap();
        let new = CallLease { node: one, fence: Fence(2) };
        assert_eq!(taken, Some(new));
        // Of two who see the same lease, one is first.
        let late = calls::take_over(db, business, &call_sid(1), Some(old), other).await.unwrap();
        assert_eq!(late, None);
        assert!(!calls::holds(db, business, &call_sid(1), old).await.unwrap());
        assert!(calls::holds(db, business, &call_sid(1), new).await.unwrap());
        assert!(matches!(check(db, 1, old).await, Err(RecordsError::Fenced)));
        check(db, 1, new).await.unwrap();
        // What is written of other calls in the same transaction is not meant.
        let both = BTreeMap::from([(call_sid(1), new), (call_sid(2), lease(1))]);
        calls::check_fences(db, both).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn invariant_21_a_node_that_has_lost_a_call_moves_and_cancels_nothing_for_it() {
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        let lead = lead(db, business, "+972501111111").await;
        let at = |hour: i64| noon() + jiff::SignedDuration::from_hours(hour);
        let times = |hour| NewTimes {
            starts_at: at(hour),
            ends_at: at(hour + 1),
            busy_until: at(hour + 1),
        };
        let NewTimes { starts_at, ends_at, busy_until } = times(24);
        let wanted = NewAppointment {
            id: AppointmentId(new_id()),
            lead_id: lead,
            call_sid: Some(call_sid(1)),
            starts_at,
            ends_at,
            busy_until,
            notes: None,
            idempotency_key: None,
            additional: false,
        };
        let old = leased(db, business, 1).await;
        let booked =
            appointments::book_for(db, business, wanted, None, Some(old), noon()).await.unwrap();
        let node = NodeId(new_id());
        let new = calls::take_over(db, business, &call_sid(1), Some(old), node).await.unwrap();

        let (id, on_call) = (booked.id, |lease| Some((call_sid(1), lease)));
        let moved =
            appointments::move_for(db, business, lead, id, times(48), on_call(old), noon()).await;
        assert!(matches!(moved, Err(MoveError::Records(RecordsError::Fenced))), "{moved:?}");
        let (authority, which) = (Authority::Lead(lead), Selector::Id(id));
        let cancelled =
            appointments::cancel_for(db, business, authority, which, on_call(old), noon()).await;
        assert!(matches!(cancelled, Err(RecordsError::Fenced)), "{cancelled:?}");
        let held = appointments::of_lead(db, business, lead, which).await.unwrap();
        assert_eq!(held, Some(booked));

        let new = on_call(new.unwrap());
        let moved =
            appointments::move_for(db, business, lead, id, times(48), new.clone(), noon()).await;
        assert_eq!(moved.unwrap().starts_at, at(48));
        let gone =
            appointments::cancel_for(db, business, authority, which, new, noon()).await.unwrap();
        assert_eq!(gone.status, AppointmentStatus::Cancelled);
    })
    .await;
}

#[tokio::test]
async fn res_9_a_call_that_has_ended_or_is_another_business_s_is_not_taken_over() {
    on_each(async |db| {
        let [mine, theirs] = two_businesses(db).await;
        let old = leased(db, mine, 1).await;
        let node = NodeId(new_id());
        assert_eq!(
            calls::take_over(db, theirs, &call_sid(1), Some(old), node).await.unwrap(),
            None
        );
        calls::record_end(db, mine, &call_sid(1), hung_up()).await.unwrap();
        assert_eq!(calls::take_over(db, mine, &call_sid(1), Some(old), node).await.unwrap(), None);
        assert_eq!(calls::lease_of_live(db, &call_sid(1)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn res_9_a_start_finds_the_calls_of_dead_nodes_and_not_those_of_living_ones() {
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        let (alive, dead) = (leased(db, business, 1).await, leased(db, business, 2).await);
        calls::insert_started(db, business, inbound(3)).await.unwrap();
        let found = calls::live_beside(db, vec![alive.node]).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|call| call.call_sid).collect();
        assert_eq!(found, [call_sid(2), call_sid(3)], "{dead:?}");
        assert_eq!(calls::live_beside(db, Vec::new()).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn res_9_the_registry_shows_nodes_that_beat_and_an_order_waits_for_its_node() {
    use entities::nodes::{self, NodeRecord, OrderRecord};
    on_each(async |db| {
        let (one, two) = (NodeId(new_id()), NodeId(new_id()));
        let record = |id: NodeId, beat| NodeRecord {
            id,
            url: "https://node-1.example.com".to_owned(),
            beat,
            draining: false,
            calls: 3,
            max_calls: 200,
        };
        nodes::beat(db, record(one, 1), noon()).await.unwrap();
        nodes::beat(db, record(two, 1), noon()).await.unwrap();
        let seen = nodes::beat(db, record(one, 2), noon()).await.unwrap();
        assert!(seen.contains(&record(one, 2)) && seen.contains(&record(two, 1)), "{seen:?}");

        let order = OrderRecord {
            id: new_id(),
            node: two,
            call: Some(call_sid(1)),
            body: serde_json::json!({ "order": "hang_up" }),
        };
        nodes::give(db, order.clone(), noon()).await.unwrap();
        assert_eq!(nodes::orders(db, one).await.unwrap(), []);
        assert_eq!(nodes::orders(db, two).await.unwrap(), std::slice::from_ref(&order));
        nodes::done(db, vec![order.id]).await.unwrap();
        assert_eq!(nodes::orders(db, two).await.unwrap(), []);

        // What dead nodes leave goes after an hour.
        nodes::give(db, order, noon()).await.unwrap();
        nodes::forget_old(db, noon() + jiff::SignedDuration::from_mins(59)).await.unwrap();
        assert_eq!(nodes::orders(db, two).await.unwrap().len(), 1);
        nodes::forget_old(db, noon() + jiff::SignedDuration::from_mins(61)).await.unwrap();
        assert_eq!(nodes::orders(db, two).await.unwrap(), []);
    })
    .await;
}
