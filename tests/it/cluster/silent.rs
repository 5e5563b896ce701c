//! A node that is silent is dead, or only cut off from the database (RES-9). Another one finishes its calls only once
//! it is known which.

use std::time::Duration;

use actors::cluster::{Errand, LEFT_ALONE, Life, SILENT_AFTER};
use actors::messages::SupervisorEvent;
use entities::calls::{CallRecord, CallStatus};
use entities::{DatabaseFault, FaultExtent, call_turns};
use frontdesk::world::World;
use practice::twilio::{CallerHandle, EndedBy};
use protocol::call::EndReason;
use protocol::ids::CallSid;
use tokio::time::sleep;

use super::{form, greeted, lease, on_two, simulated, snapshot_is_written};
use crate::support::{brief, nothing_left, pause, post_as_twilio, recorded, virtually, within};

/// Waits until `two` takes `one` for this.
async fn seen_as(life: Life, one: &World, two: &World) {
    let id = one.app.services().node.id();
    let seen = async {
        while two.app.services().node.life_of(id) != life {
            pause().await;
        }
    };
    within("the other node's opinion", seen).await;
}

/// A call at `one`, whose snapshot is kept.
async fn call_at(one: &World) -> CallerHandle {
    let caller = greeted(one).await;
    snapshot_is_written(&one.app.services().database, caller.call_sid()).await;
    caller
}

/// Two nodes in virtual time, and a call at the first.
async fn call_at_one_of_two() -> ([World; 2], CallerHandle) {
    let nodes = simulated(&brief).await;
    let caller = call_at(&nodes[0]).await;
    (nodes, caller)
}

async fn completed(at: &World, call: &CallSid) {
    let answer = post_as_twilio(at, "/twilio/status", &form(at, call, "completed")).await;
    assert_eq!(answer.status, 204);
}

async fn hang_up(at: &World, call: &CallSid) -> u16 {
    at.post(&format!("api/calls/{call}/hangup")).await.unwrap()
}

fn has_status(record: &CallRecord) -> bool {
    record.duration.is_some()
}

fn is_whole(record: &CallRecord) -> bool {
    record.stats.is_some() && record.duration.is_some()
}

#[test]
fn call_5_a_status_of_a_call_whose_node_is_only_cut_off_waits_until_that_node_writes_the_rest() {
    virtually(async {
        let ([one, two], caller) = call_at_one_of_two().await;
        let call = caller.call_sid();
        let faults = one.app.services().database.faults().unwrap();
        faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
        // That node alone knows of it.
        within("words", caller.say("בתל אביב")).await.unwrap();
        within("the answer", caller.hears("בתל אביב")).await.unwrap();
        seen_as(Life::Silent, &one, &two).await;
        one.carrier.set_cut_off(true);
        caller.hang_up();
        within("the end", caller.ended()).await;
        // Twilio repeats it.
        for _ in 0..2 {
            completed(&two, call).await;
        }
        let record = recorded(&two, call, has_status).await;
        assert_eq!((record.status, record.duration), (CallStatus::Completed, Some(NINE)));
        sleep(Duration::from_secs(1)).await;
        let record = recorded(&two, call, has_status).await;
        assert_eq!((record.ended_at, record.end_reason), (None, None), "it is not this node's");

        faults.clear();
        let record = recorded(&two, call, is_whole).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        let db = &two.app.services().database;
        let turns = call_turns::of_call(db, one.business_id, call).await.unwrap();
        let texts: Vec<_> = turns.into_iter().filter_map(|turn| turn.text).collect();
        assert_eq!(texts, ["שלום", "בתל אביב", "בתל אביב"]);
        nothing_left(&one).await;
        two.close().await;
        one.close().await;
    });
}

const NINE: Duration = Duration::from_secs(9);

#[test]
fn call_5_a_repeated_status_at_another_node_does_not_end_a_call_that_goes_on() {
    on_two(brief, async |one, two| {
        let caller = call_at(one).await;
        let call = caller.call_sid();
        one.carrier.set_cut_off(true);
        let before = one.app.calls().find(call.clone()).await.unwrap();
        // The call's own node has the first one, and says how the call has ended.
        before.tell(SupervisorEvent::OperatorHangUp).unwrap();
        for _ in 0..3 {
            completed(two, call).await;
        }
        let record = recorded(one, call, is_whole).await;
        assert_eq!(record.end_reason.as_deref(), Some(EndReason::Operator.as_str()));
        nothing_left(one).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
    });
}

#[test]
fn call_5_a_status_of_a_dead_node_s_call_finishes_it() {
    virtually(async {
        let ([one, two], caller) = call_at_one_of_two().await;
        let call = caller.call_sid();
        // The sweep finds it, too.
        let cluster = two.app.services().node.cluster();
        let _sweep = cluster.try_lock(Errand::Sweep).await.unwrap().unwrap();
        one.kill();
        sleep(LEFT_ALONE).await;
        seen_as(Life::Dead, &one, &two).await;
        let began = two.app.services().clock.now();
        let faults = two.app.services().database.faults().unwrap();
        faults.set(DatabaseFault::Slow(Duration::from_millis(300)), FaultExtent::Lasting);
        completed(&two, call).await;
        let took = two.app.services().clock.now() - began;
        // Who has the call, the registry, the snapshot, the take-over, the order to let go.
        assert_eq!(took.as_millis() / 300, 5, "{took:?}");
        faults.clear();
        let record = recorded(&two, call, is_whole).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        two.close().await;
    });
}

#[test]
fn call_5_a_status_that_waits_in_the_record_is_the_sweep_s_word_once_the_node_is_dead() {
    virtually(async {
        let ([one, two], caller) = call_at_one_of_two().await;
        let call = caller.call_sid();
        one.kill();
        sleep(SILENT_AFTER).await;
        seen_as(Life::Silent, &one, &two).await;
        completed(&two, call).await;
        let record = recorded(&two, call, has_status).await;
        assert_eq!((record.ended_at, record.stats), (None, None), "nobody knows that it is dead");
        sleep(LEFT_ALONE + Duration::from_mins(1)).await;
        // The other node's Twilio does not know the call.
        let record = recorded(&two, call, is_whole).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        assert_eq!(record.duration, Some(NINE));
        let ended = &two.app.services().metrics.ended;
        assert_eq!(ended.iter().map(|(_, count)| count.get()).sum::<u64>(), 1);
        two.close().await;
    });
}

#[test]
fn res_9_a_daemon_that_comes_back_finishes_what_its_predecessor_has_left_without_waiting() {
    virtually(async {
        let ([mut one, two], caller) = call_at_one_of_two().await;
        let call = caller.call_sid().clone();
        one.kill();
        one.start_again().await.unwrap();
        caller.hang_up();
        sleep(Duration::from_mins(2)).await;
        let db = &two.app.services().database;
        let record = entities::calls::get(db, one.business_id, &call).await.unwrap().unwrap();
        assert!(record.ended_at.is_some(), "{record:?}");
        assert!(record.stats.is_some(), "it is finished from its snapshot: {record:?}");
        two.close().await;
        one.close().await;
    });
}

#[test]
fn res_9_an_operator_s_hang_up_reaches_a_node_that_was_only_cut_off() {
    virtually(async {
        let ([one, two], caller) = call_at_one_of_two().await;
        let call = caller.call_sid();
        let faults = one.app.services().database.faults().unwrap();
        faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
        seen_as(Life::Silent, &one, &two).await;
        assert_eq!(hang_up(&two, call).await, 202);
        assert_eq!(caller.view().borrow().ended, None);
        faults.clear();
        let outcome = within("the end", caller.ended()).await;
        assert!(matches!(outcome.ended_by, EndedBy::Rest | EndedBy::HangupVerb), "{outcome:?}");
        let record = recorded(&two, call, is_whole).await;
        assert_eq!(record.end_reason.as_deref(), Some("operator"));
        nothing_left(&one).await;
        nothing_left(&two).await;
        two.close().await;
        one.close().await;
    });
}

#[test]
fn res_9_an_operator_s_hang_up_of_a_dead_node_s_call_is_carried_out_by_the_node_that_is_asked() {
    virtually(async {
        let ([one, two], caller) = call_at_one_of_two().await;
        let call = caller.call_sid();
        let cluster = two.app.services().node.cluster();
        let _sweep = cluster.try_lock(Errand::Sweep).await.unwrap().unwrap();
        one.kill();
        sleep(LEFT_ALONE).await;
        seen_as(Life::Dead, &one, &two).await;
        assert_eq!(hang_up(&two, call).await, 202);
        let ended = |record: &CallRecord| record.stats.is_some();
        let record = recorded(&two, call, ended).await;
        assert_eq!(record.end_reason.as_deref(), Some("operator"));
        let requests = two.carrier.rest_log().borrow().clone();
        let of_call =
            |request: &&practice::twilio::RestRequest| request.call_sid.as_ref() == Some(call);
        assert_eq!(requests.iter().filter(of_call).count(), 1, "{requests:?}");
        nothing_left(&two).await;
        two.close().await;
    });
}

#[test]
fn res_9_an_operator_s_hang_up_at_a_node_that_has_lost_the_call_is_carried_out_by_its_owner() {
    on_two(brief, async |one, two| {
        let caller = call_at(one).await;
        let call = caller.call_sid();
        one.carrier.set_cut_off(true);
        // Of the order that the taker gives nothing has come.
        let (db, other) = (&two.app.services().database, two.app.services().node.id());
        let business = one.business_id;
        let taken = entities::calls::take_over(db, business, call, Some(lease(one)), other).await;
        assert!(taken.unwrap().is_some());
        assert_eq!(hang_up(one, call).await, 202);
        nothing_left(one).await;
        let ended = |record: &CallRecord| record.stats.is_some();
        let record = recorded(two, call, ended).await;
        assert_eq!(record.end_reason.as_deref(), Some("operator"));
        nothing_left(two).await;
        assert_eq!(caller.view().borrow().hang_up_requests, 0, "it is not the former owner's");
        caller.hang_up();
        within("the end", caller.ended()).await;
    });
}
