//! Calls that a node could take over and not go on with (RES-9).

use std::time::Duration;

use actors::supervisor::{Reported, ReportedStatus};
use entities::calls::{self, CallLease};
use entities::{DatabaseFault, FaultExtent};
use frontdesk::world::World;
use protocol::ids::{CallSid, Fence};
use protocol::twilio::forms::CallStatus;
use tokio::time::sleep;

use super::{form, greeted, lease, on_two_simulated, snapshot_is_written};
use crate::support::{brief, nothing_left, post_as_twilio, within};

async fn holder(world: &World, call: &CallSid) -> CallLease {
    let db = &world.app.services().database;
    calls::lease_of_live(db, call).await.unwrap().unwrap().lease.unwrap()
}

#[test]
fn res_9_a_call_that_is_known_to_be_over_is_left_to_the_node_that_has_it() {
    on_two_simulated(brief, async |one, two| {
        let caller = greeted(one).await;
        let call = caller.call_sid();
        snapshot_is_written(&two.app.services().database, call).await;
        let reported = ReportedStatus {
            call: call.clone(),
            status: CallStatus::Completed,
            duration_secs: Some(9),
        };
        assert_eq!(two.app.calls().report(reported).await, Reported::Unknown);
        let resume = form(two, call, "in-progress");
        let twiml = post_as_twilio(two, "/twilio/voice/resume", &resume).await.text();
        assert!(twiml.contains("<Hangup/>"), "{twiml}");
        assert_eq!(holder(two, call).await, lease(one));
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(one).await;
    });
}

#[test]
fn res_9_a_call_goes_on_at_the_node_whose_take_over_was_committed_without_an_answer() {
    on_two_simulated(brief, async |one, two| {
        let caller = greeted(one).await;
        let call = caller.call_sid();
        snapshot_is_written(&two.app.services().database, call).await;
        one.carrier.set_cut_off(true);
        let faults = two.app.services().database.faults().unwrap();
        faults.set(DatabaseFault::CommitLost, FaultExtent::Next(1));
        let resume = form(two, call, "in-progress");
        let twiml = post_as_twilio(two, "/twilio/voice/resume", &resume).await.text();
        assert!(faults.is_clear());
        assert!(twiml.contains(&two.app.twilio_address().to_string()), "{twiml}");
        let here = two.app.services().node.id();
        assert_eq!(holder(two, call).await, CallLease { node: here, fence: Fence(2) });
        nothing_left(one).await;
        post_as_twilio(two, "/twilio/status", &form(two, call, "completed")).await;
        nothing_left(two).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
    });
}

#[test]
fn res_9_a_call_that_its_living_node_does_not_run_is_finished_by_that_node() {
    on_two_simulated(brief, async |one, two| {
        let caller = greeted(one).await;
        let (call, business) = (caller.call_sid(), one.business_id);
        let (db, here) = (&two.app.services().database, two.app.services().node.id());
        snapshot_is_written(db, call).await;
        // Twilio's status does not come.
        one.carrier.set_cut_off(true);
        let taken = calls::take_over(db, business, call, Some(lease(one)), here).await.unwrap();
        one.app.calls().let_go(call.clone(), taken.unwrap().fence);
        nothing_left(one).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
        sleep(Duration::from_mins(2)).await;
        // The other node's Twilio does not know the call.
        let record = calls::get(db, business, call).await.unwrap().unwrap();
        assert_eq!(record.end_reason.as_deref(), Some("internal"));
        assert!(record.stats.is_some(), "it is finished from its snapshot: {record:?}");
    });
}
