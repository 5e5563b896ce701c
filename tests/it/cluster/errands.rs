//! What one node does for all: retention, and the sweep of calls whose node has died (RES-9).

use std::time::Duration;

use actors::cluster::Errand;
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallDirection, CallLease, CallStatus, NewCall};
use entities::nodes::NodeRecord;
use entities::retention::{DeletedKind, deleted};
use frontdesk::world::World;
use jiff::SignedDuration;
use protocol::ids::{CallSid, Fence, NodeId};
use tokio::time::sleep;
use uuid::Uuid;

use super::{CALL, on_two_simulated};
use crate::support::{brief, number};

/// A call of two days ago that has a turn, and whose node has died.
async fn left_by_a_dead_node(world: &World) -> CallSid {
    let services = world.app.services();
    let (db, business) = (&services.database, world.business_id);
    let started_at = services.clock.wall() - SignedDuration::from_hours(48);
    let call_sid = CallSid::parse(CALL).unwrap();
    let call = NewCall {
        call_sid: call_sid.clone(),
        direction: CallDirection::Inbound,
        status: CallStatus::InProgress,
        from_number: Some(number(3)),
        to_number: world.business.phone_numbers[0].clone(),
        lead_id: None,
        prompt_version: 1,
        started_at,
        is_test: false,
    };
    let lease = CallLease { node: NodeId(Uuid::from_u128(7)), fence: Fence::FIRST };
    calls::insert_leased(db, business, call, lease).await.unwrap();
    let turn = TurnRow {
        seq: 1,
        role: TurnRole::Caller,
        item_id: None,
        text: Some("בתל אביב".to_owned()),
        heard_ms: None,
        cut: false,
        at: started_at,
        measures: entities::call_turns::TurnMeasures::default(),
    };
    call_turns::upsert_many(db, business, &call_sid, &[turn]).await.unwrap();
    call_sid
}

/// A node writes its entry of the registry once, and never again.
async fn dies(world: &World, number: u128) {
    let id = NodeId(Uuid::from_u128(number));
    let url = format!("http://node-{number}");
    let record = NodeRecord { id, url, beat: 1, draining: false, calls: 1, max_calls: 9 };
    let services = world.app.services();
    services.node.cluster().beat(record, services.clock.wall()).await.unwrap();
}

async fn turns(world: &World, call: &CallSid) -> usize {
    let db = &world.app.services().database;
    call_turns::of_call(db, world.business_id, call).await.unwrap().len()
}

#[test]
fn ops_7_one_node_deletes_what_is_old_and_none_while_another_is_at_it() {
    let keeps_a_day = |plan: &mut frontdesk::world::Plan| {
        brief(plan);
        plan.business.retention = Duration::from_hours(24);
    };
    on_two_simulated(keeps_a_day, async |one, two| {
        let call = left_by_a_dead_node(one).await;
        let cluster = one.app.services().node.cluster();
        let held = cluster.try_lock(Errand::Retention).await.unwrap().unwrap();
        sleep(Duration::from_mins(30)).await;
        assert_eq!(turns(one, &call).await, 1, "another has the errand");
        drop(held);
        sleep(Duration::from_hours(1)).await;
        assert_eq!(turns(one, &call).await, 0);
        let db = &two.app.services().database;
        let counts = deleted(db, one.business_id).await.unwrap();
        assert_eq!((counts[0].kind, counts[0].count, counts.len()), (DeletedKind::Turns, 1, 1));
        assert!(calls::get(db, one.business_id, &call).await.unwrap().is_some());
    });
}

#[test]
fn res_9_a_call_of_a_dead_node_is_left_alone_for_minutes_and_then_ended_by_one_node() {
    on_two_simulated(brief, async |one, two| {
        dies(one, 7).await;
        let call = left_by_a_dead_node(one).await;
        let db = &one.app.services().database;
        let is_over = async || {
            let record = calls::get(db, one.business_id, &call).await.unwrap().unwrap();
            record.ended_at.is_some().then_some(record.end_reason)
        };
        let cluster = one.app.services().node.cluster();
        let held = cluster.try_lock(Errand::Sweep).await.unwrap().unwrap();
        sleep(Duration::from_mins(8)).await;
        assert_eq!(is_over().await, None, "another has the errand");
        drop(held);
        sleep(Duration::from_mins(1)).await;
        // Twilio does not know it.
        assert_eq!(is_over().await, Some(Some("internal".to_owned())));
        let ended = [one, two].map(|node| {
            let ended = &node.app.services().metrics.ended;
            ended.iter().map(|(_, count)| count.get()).sum::<u64>()
        });
        assert_eq!(ended.iter().sum::<u64>(), 1, "{ended:?}");

        dies(one, 8).await;
        let call = CallSid::parse(&CALL.replace('7', "8")).unwrap();
        let late = NewCall {
            call_sid: call.clone(),
            direction: CallDirection::Inbound,
            status: CallStatus::InProgress,
            from_number: Some(number(4)),
            to_number: one.business.phone_numbers[0].clone(),
            lead_id: None,
            prompt_version: 1,
            started_at: one.app.services().clock.wall(),
            is_test: false,
        };
        let lease = CallLease { node: NodeId(Uuid::from_u128(8)), fence: Fence::FIRST };
        calls::insert_leased(db, one.business_id, late, lease).await.unwrap();
        sleep(Duration::from_mins(4)).await;
        let record = calls::get(db, one.business_id, &call).await.unwrap().unwrap();
        assert_eq!(record.ended_at, None, "its node may only be cut off");
        sleep(Duration::from_mins(4)).await;
        let record = calls::get(db, one.business_id, &call).await.unwrap().unwrap();
        assert!(record.ended_at.is_some());
    });
}
