//! A node goes on with a call that another one had, dead or alive (RES-9).

use std::time::Duration;

use actors::messages::SupervisorEvent;
use entities::calls::{self, CallDirection, CallLease, CallStatus, NewCall};
use entities::{Database, DatabaseFault, FaultExtent, call_snapshots};
use frontdesk::world::{Plan, World};
use protocol::ids::{BusinessId, CallSid, Fence, NodeId};
use tokio::time::sleep;
use uuid::Uuid;

use super::{CALL, form, greeted, lease, on_two, simulated, snapshot_is_written};
use crate::support::{
    brief, nothing_left, pause, post_as_twilio, practice, recorded, virtually, within,
};

fn connects_to(twiml: &str, world: &World) -> bool {
    twiml.contains(&format!("url=\"ws://{}/twilio/media\"", world.app.twilio_address()))
}

async fn holder(db: &Database, call: &CallSid) -> CallLease {
    calls::lease_of_live(db, call).await.unwrap().unwrap().lease.unwrap()
}

fn asked_for(world: &World) -> Option<u64> {
    practice(world).log().look(|record| record.counts.get("response.create").copied())
}

#[test]
fn res_9_the_node_that_is_asked_to_resume_adopts_the_call_and_the_former_one_lets_go_of_it() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let (call, business) = (caller.call_sid(), one.business_id);
        let db = &two.app.services().database;
        snapshot_is_written(db, call).await;
        let before = asked_for(one);
        // Twilio's resume reaches the other node.
        one.carrier.set_cut_off(true);
        let resume = form(two, call, "in-progress");
        let twiml = post_as_twilio(two, "/twilio/voice/resume", &resume).await.text();
        assert!(connects_to(&twiml, two), "{twiml}");
        let here = two.app.services().node.id();
        assert_eq!(holder(db, call).await, CallLease { node: here, fence: Fence(2) });
        // The former node's session ends; that of the new one is the only one.
        nothing_left(one).await;
        let live = practice(two).log();
        within("the session of the new node", live.wait_for(|record| record.alive == 1)).await;
        assert_eq!(asked_for(one), before, "nothing more was asked of OpenAI");
        assert_eq!(caller.view().borrow().hang_up_requests, 0);
        let record = calls::get(db, business, call).await.unwrap().unwrap();
        assert_eq!((record.end_reason, record.stats), (None, None), "its record is the new node's");
        // A second resume finds the call.
        let twiml = post_as_twilio(two, "/twilio/voice/resume", &resume).await.text();
        assert!(connects_to(&twiml, two), "{twiml}");
        assert_eq!(holder(db, call).await.fence, Fence(2));

        post_as_twilio(one, "/twilio/status", &form(one, call, "completed")).await;
        let ended = |record: &calls::CallRecord| record.duration.is_some();
        let record = recorded(two, call, ended).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        assert!(record.stats.is_some(), "the new node has counted: {record:?}");
        nothing_left(two).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
    });
}

#[test]
fn res_9_a_call_that_comes_back_to_a_node_is_not_let_go_for_what_that_node_wrote_before() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let call = caller.call_sid();
        let db = &two.app.services().database;
        snapshot_is_written(db, call).await;
        one.carrier.set_cut_off(true);
        let resume = form(two, call, "in-progress");
        for world in [two, one] {
            let twiml = post_as_twilio(world, "/twilio/voice/resume", &resume).await.text();
            assert!(connects_to(&twiml, world), "{twiml}");
            let other = if std::ptr::eq(world, one) { two } else { one };
            nothing_left(other).await;
        }
        let here = one.app.services().node.clone();
        assert_eq!(holder(db, call).await, CallLease { node: here.id(), fence: Fence(3) });
        // A write under the first number is refused only now.
        here.lost(call, Fence(1));
        caller.hang_up();
        within("the end", caller.ended()).await;
        post_as_twilio(two, "/twilio/status", &form(two, call, "completed")).await;
        let ended = |record: &calls::CallRecord| record.duration.is_some();
        let record = recorded(one, call, ended).await;
        assert!(record.stats.is_some(), "the call was let go: {record:?}");
        nothing_left(one).await;
    });
}

#[test]
fn invariant_22_a_node_that_was_not_told_asks_before_it_hangs_up_and_lets_the_call_go() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let (call, business) = (caller.call_sid(), one.business_id);
        let (db, other) = (&two.app.services().database, two.app.services().node.id());
        let taken = calls::take_over(db, business, call, Some(lease(one)), other).await.unwrap();
        assert_eq!(taken.unwrap().fence, Fence(2));
        // Of the order that the taker gives nothing has come.
        one.carrier.set_cut_off(true);
        let handle = one.app.calls().find(call.clone()).await.unwrap();
        handle.tell(SupervisorEvent::Shutdown).unwrap();
        nothing_left(one).await;
        assert_eq!(caller.view().borrow().hang_up_requests, 0);
        let record = calls::get(db, business, call).await.unwrap().unwrap();
        assert_eq!((record.end_reason, record.stats), (None, None), "its record is another's");
        caller.hang_up();
        within("the end", caller.ended()).await;
    });
}

/// At most one session per fencing number, and none under an older one 15 s after a take-over.
#[test]
fn res_9_a_node_cut_off_from_the_database_has_no_session_15_s_after_its_call_was_taken_over() {
    let patient = |plan: &mut Plan| {
        brief(plan);
        plan.config.server.patience.stream = Duration::from_secs(60);
    };
    virtually(async {
        let [one, two] = simulated(&patient).await;
        let caller = greeted(&one).await;
        let call = caller.call_sid();
        let db = &two.app.services().database;
        snapshot_is_written(db, call).await;
        // It hears neither of the take-over nor of the resume.
        one.carrier.set_cut_off(true);
        let faults = one.app.services().database.faults().unwrap();
        faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
        caller.cut_socket().unwrap();
        let (sessions, asked) =
            (practice(&one).log().look(|record| record.sessions), asked_for(&one));
        let resume = form(&two, call, "in-progress");
        let twiml = post_as_twilio(&two, "/twilio/voice/resume", &resume).await.text();
        assert!(connects_to(&twiml, &two), "{twiml}");
        sleep(Duration::from_secs(15)).await;
        let of_one = practice(&one).log().look(|record| (record.alive, record.sessions));
        assert_eq!(of_one, (0, sessions), "it closes its session, and opens no other");
        let of_two = practice(&two).log().look(|record| (record.alive, record.most_alive));
        assert_eq!(of_two, (1, 1));

        faults.clear();
        nothing_left(&one).await;
        assert_eq!(asked_for(&one), asked, "nothing more was asked of OpenAI");
        assert_eq!(caller.view().borrow().hang_up_requests, 0);
        let record = calls::get(db, one.business_id, call).await.unwrap().unwrap();
        assert_eq!((record.end_reason, record.stats), (None, None), "its record is another's");
        post_as_twilio(&two, "/twilio/status", &form(&two, call, "completed")).await;
        nothing_left(&two).await;
        two.close().await;
        one.close().await;
    });
}

#[test]
fn res_9_a_resume_is_answered_within_3_s_however_slow_the_database_is() {
    for slow in [100, 500, 700, 5_000] {
        virtually(async {
            let [one, two] = simulated(&brief).await;
            let caller = greeted(&one).await;
            snapshot_is_written(&two.app.services().database, caller.call_sid()).await;
            one.kill();
            let faults = two.app.services().database.faults().unwrap();
            faults.set(DatabaseFault::Slow(Duration::from_millis(slow)), FaultExtent::Lasting);
            let began = two.app.services().clock.now();
            let resume = form(&two, caller.call_sid(), "in-progress");
            let twiml = post_as_twilio(&two, "/twilio/voice/resume", &resume).await.text();
            let took = two.app.services().clock.now() - began;
            assert!(took <= Duration::from_secs(3), "{took:?}");
            // Within that time it goes on, or the caller hears why not.
            assert_eq!(connects_to(&twiml, &two), slow < 400, "{slow}: {twiml}");
            assert_eq!(twiml.contains("<Say"), slow >= 400, "{slow}: {twiml}");
            faults.clear();
            two.close().await;
        });
    }
}

/// A node has answered a call, has written its row, and has died.
async fn left_by_a_dead_node(db: &Database, business: BusinessId, world: &World) -> CallSid {
    let call = CallSid::parse(CALL).unwrap();
    let services = world.app.services();
    let row = NewCall {
        call_sid: call.clone(),
        direction: CallDirection::Inbound,
        status: CallStatus::InProgress,
        from_number: None,
        to_number: world.business.phone_numbers[0].clone(),
        lead_id: None,
        prompt_version: 1,
        started_at: services.clock.wall(),
        is_test: false,
    };
    let lease = CallLease { node: NodeId(Uuid::from_u128(9)), fence: Fence::FIRST };
    calls::insert_leased(db, business, row, lease).await.unwrap();
    call
}

#[test]
fn res_9_a_call_whose_node_died_before_a_snapshot_was_kept_is_answered_by_another_node() {
    // Twilio repeats the webhook, or has connected to the dead node and asks what follows.
    for path in ["/twilio/voice", "/twilio/voice/resume"] {
        on_two(brief, async |one, two| {
            let (db, business) = (&one.app.services().database, one.business_id);
            let call = left_by_a_dead_node(db, business, one).await;
            let asks = form(two, &call, "in-progress");
            let twiml = post_as_twilio(two, path, &asks).await.text();
            assert!(connects_to(&twiml, two), "{path}: {twiml}");
            let here = two.app.services().node.id();
            assert_eq!(holder(db, &call).await, CallLease { node: here, fence: Fence(2) });
            // It greets: what it writes is taken, so it does not let the call go.
            let live = practice(two).log();
            within("the greeting", live.wait_for(|record| record.said_texts() == ["שלום"])).await;
            let snapshot = async {
                while call_snapshots::of_any_business(db, &call).await.unwrap().is_none() {
                    pause().await;
                }
            };
            within("the snapshot", snapshot).await;
            assert_eq!(two.calls().await.unwrap().len(), 1, "{path}");
            post_as_twilio(two, "/twilio/status", &form(two, &call, "completed")).await;
            nothing_left(two).await;
        });
    }
}
