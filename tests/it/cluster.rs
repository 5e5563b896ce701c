//! Two daemons on one database: in simulated time on one in memory, and on PostgreSQL (RES-9).

mod adoption;
mod errands;
mod failing;
mod half_way;
mod silent;

use std::time::Duration;

use actors::cluster::{LocalHub, NodeView};
use actors::introspection::ActorKind;
use entities::calls::CallLease;
use entities::{Database, call_snapshots};
use frontdesk::config::DatabaseUrl;
use frontdesk::world::{Plan, World};
use practice::twilio::{CallerHandle, EndedBy};
use protocol::ids::{CallSid, Fence};
use serde_json::json;

use crate::booking::Schema;
use crate::support::{
    brief, call_form, find_actor, nothing_left, number, pause, plan, platform, post_as_twilio,
    practice, recorded, virtually, within,
};

const CALL: &str = "CA00000000000000000000000000000007";

/// Runs a test with two nodes: simulated, and on PostgreSQL if the tests have one.
fn on_two(change: impl Fn(&mut Plan), test: impl AsyncFn(&World, &World)) {
    on_two_simulated(&change, &test);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(schema) = Schema::new().await else { return };
        let [one, two] = on_postgres(&schema, &change).await;
        test(&one, &two).await;
        two.close().await;
        one.close().await;
        schema.drop().await;
    });
}

/// Runs a test with two nodes in virtual time.
fn on_two_simulated(change: impl Fn(&mut Plan), test: impl AsyncFn(&World, &World)) {
    virtually(async {
        let [one, two] = simulated(&change).await;
        test(&one, &two).await;
        // The first has opened the database, and closes it.
        two.close().await;
        one.close().await;
    });
}

/// Two nodes on one database in memory. Each has faults of its own.
async fn simulated(change: &impl Fn(&mut Plan)) -> [World; 2] {
    let hub = LocalHub::default();
    let mut first = plan();
    change(&mut first);
    first.platform.hub = Some(hub.clone());
    let one = World::open(first).await.unwrap();
    let mut second = plan();
    change(&mut second);
    second.platform = platform().split("two");
    second.platform.hub = Some(hub);
    second.platform.opened = Some(one.app.services().database.of_another_process());
    let two = World::open(second).await.unwrap();
    know_each_other(&one, &two).await;
    [one, two]
}

async fn on_postgres(schema: &Schema, change: impl Fn(&mut Plan)) -> [World; 2] {
    let open = async || {
        let mut plan = plan();
        change(&mut plan);
        plan.config.database.url = DatabaseUrl::parse(&schema.url).unwrap();
        World::open(plan).await.unwrap()
    };
    let worlds = [open().await, open().await];
    know_each_other(&worlds[0], &worlds[1]).await;
    worlds
}

async fn know_each_other(one: &World, two: &World) {
    for (node, other) in [(one, two), (two, one)] {
        let known = async {
            while !node.app.services().node.is_alive(other.app.services().node.id()) {
                pause().await;
            }
        };
        within("the other node", known).await;
    }
}

/// A caller who has heard the greeting.
async fn greeted(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    // The lease is written behind the webhook.
    recorded(world, caller.call_sid(), |_| true).await;
    caller
}

/// Waits until the call's snapshot says that the greeting was heard.
async fn snapshot_is_written(db: &Database, call: &CallSid) {
    let written = async {
        loop {
            let found = call_snapshots::of_any_business(db, call).await.unwrap();
            if found.is_some_and(|found| found.state.contains("\"greeting\":\"done\"")) {
                return;
            }
            pause().await;
        }
    };
    within("the snapshot", written).await;
}

fn form(world: &World, call: &CallSid, status: &str) -> Vec<(String, String)> {
    let mut form = call_form(world, call.as_str(), status);
    if status == "completed" {
        form.push(("CallDuration".to_owned(), "9".to_owned()));
    }
    form
}

fn lease(world: &World) -> CallLease {
    CallLease { node: world.app.services().node.id(), fence: Fence::FIRST }
}

#[test]
fn call_5_a_terminal_status_that_reaches_another_node_ends_the_call_where_it_runs() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let form = form(two, caller.call_sid(), "completed");
        let answer = post_as_twilio(two, "/twilio/status", &form).await;
        assert_eq!(answer.status, 204);
        nothing_left(one).await;
        let record = recorded(one, caller.call_sid(), |record| record.duration.is_some()).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        assert_eq!(record.duration, Some(Duration::from_secs(9)));
        // The record is the node's that had the call: it has counted.
        assert!(record.stats.is_some(), "{record:?}");
        nothing_left(two).await;
    });
}

#[test]
fn call_5_a_status_that_is_not_the_end_reaches_the_call_too_and_ends_nothing() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let form = form(two, caller.call_sid(), "in-progress");
        post_as_twilio(two, "/twilio/status", &form).await;
        caller.say("שלום לכם").await.unwrap();
        within("the answer", caller.hears("שלום לכם")).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(one).await;
    });
}

#[test]
fn res_9_an_operator_s_hang_up_at_another_node_ends_the_call_once() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let path = format!("api/calls/{}/hangup", caller.call_sid());
        assert_eq!(two.post(&path).await.unwrap(), 202);
        let outcome = within("the end", caller.ended()).await;
        // The stream ends first. Twilio then asks what follows, and may hear it from a webhook's answer.
        assert!(matches!(outcome.ended_by, EndedBy::Rest | EndedBy::HangupVerb), "{outcome:?}");
        assert!(outcome.view.hang_up_requests <= 1, "{outcome:?}");
        let ended = |record: &entities::calls::CallRecord| record.end_reason.is_some();
        let record = recorded(one, caller.call_sid(), ended).await;
        assert_eq!(record.end_reason.as_deref(), Some("operator"));
        nothing_left(one).await;
        // Now it runs nowhere.
        assert_eq!(two.post(&path).await.unwrap(), 409);
    });
}

#[test]
fn ops_1_an_actor_of_another_node_is_seen_and_made_to_crash_and_the_call_goes_on() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let all: serde_json::Value = two.get("introspect/actors").await.unwrap();
        let node = &one.app.services().node;
        let theirs =
            |actor: &serde_json::Value| actor["node"] == node.url() && actor["kind"] == "realtime";
        let actors = all["actors"].as_array().unwrap();
        let victim = actors.iter().find(|actor| theirs(actor)).expect("the actor of the other");
        let nodes: Vec<NodeView> = serde_json::from_value(all["nodes"].clone()).unwrap();
        assert_eq!((nodes.len(), nodes[0].here, nodes[1].id), (2, true, node.id()));
        let calls: serde_json::Value = two.get("introspect/calls").await.unwrap();
        assert_eq!(calls["calls"][0]["call_sid"], json!(caller.call_sid()));
        let path = format!("introspect/calls/{}", caller.call_sid());
        let call: serde_json::Value = two.get(&path).await.unwrap();
        assert_eq!(call["node"], json!(node.url()));

        let kill = |node: &str| format!("introspect/actors/{}/kill?node={node}", victim["id"]);
        assert_eq!(two.post(&kill("nobody")).await.unwrap(), 404);
        assert_eq!(two.post(&kill(&node.id().to_string())).await.unwrap(), 202);
        find_actor(one, |actor| actor.kind == ActorKind::Realtime && actor.restarts == 1).await;
        caller.say("שלום לכם").await.unwrap();
        within("the answer", caller.hears("שלום לכם")).await.unwrap();
        caller.hang_up();
        nothing_left(one).await;
    });
}

#[test]
fn call_1_a_draining_or_full_node_passes_a_call_on_three_times_and_then_apologises() {
    for full in [false, true] {
        let change = |plan: &mut Plan| {
            brief(plan);
            if full {
                plan.config.server.max_calls = 1.try_into().unwrap();
            }
        };
        on_two(change, async |one, two| {
            let running = if full { Some(greeted(one).await) } else { None };
            if !full {
                one.app.services().node.start_draining();
                one.app.calls().drain();
            }
            let call = CallSid::parse(CALL).unwrap();
            let form = form(one, &call, "ringing");
            for (query, hop) in [("", 1), ("?hop=0", 1), ("?hop=1", 2), ("?hop=2", 3)] {
                let answer = post_as_twilio(one, &format!("/twilio/voice{query}"), &form).await;
                let url = format!("http://{}/twilio/voice?hop={hop}", one.app.twilio_address());
                let redirect = format!("<Redirect method=\"POST\">{url}</Redirect>");
                assert!(answer.text().contains(&redirect), "{query}: {}", answer.text());
            }
            let db = &one.app.services().database;
            let row = entities::calls::get(db, one.business_id, &call).await.unwrap();
            assert_eq!(row, None, "a call that is passed on was not refused");
            for query in ["?hop=3", "?hop=x"] {
                let answer = post_as_twilio(one, &format!("/twilio/voice{query}"), &form).await;
                assert!(answer.text().contains("<Say"), "{query}: {}", answer.text());
            }
            // Nobody else has room: the apology at once.
            two.app.services().node.start_draining();
            two.app.calls().drain();
            let closed = async {
                while one.app.services().node.another_has_room() {
                    pause().await;
                }
            };
            within("the news that the other drains, too", closed).await;
            let other = CallSid::parse(&CALL.replace('7', "8")).unwrap();
            let form = call_form(one, other.as_str(), "ringing");
            let answer = post_as_twilio(one, "/twilio/voice", &form).await;
            assert!(answer.text().contains("<Say"), "{}", answer.text());
            if let Some(caller) = running {
                caller.hang_up();
            }
            nothing_left(one).await;
        });
    }
}

#[test]
fn call_9_a_webhook_that_is_repeated_at_another_node_connects_to_the_node_that_has_the_call() {
    on_two(brief, async |one, two| {
        let call = CallSid::parse(CALL).unwrap();
        let ringing = form(one, &call, "ringing");
        post_as_twilio(one, "/twilio/voice", &ringing).await;
        recorded(one, &call, |_| true).await;
        let again = post_as_twilio(two, "/twilio/voice", &ringing).await.text();
        let stream = format!("ws://{}/twilio/media", one.app.twilio_address());
        assert!(again.contains(&format!("url=\"{stream}\"")), "{again}");
        assert!(two.calls().await.unwrap().is_empty(), "nothing started twice");
        post_as_twilio(two, "/twilio/status", &form(two, &call, "completed")).await;
        nothing_left(one).await;
        nothing_left(two).await;
    });
}

#[test]
fn invariant_20_of_two_nodes_that_get_one_webhook_at_once_one_keeps_the_call() {
    on_two(brief, async |one, two| {
        let call = CallSid::parse(CALL).unwrap();
        let ringing = form(one, &call, "ringing");
        tokio::join!(
            post_as_twilio(one, "/twilio/voice", &ringing),
            post_as_twilio(two, "/twilio/voice", &ringing),
        );
        let alone = async {
            while one.calls().await.unwrap().len() + two.calls().await.unwrap().len() != 1 {
                pause().await;
            }
        };
        within("the end of one of them", alone).await;
        let lease = entities::calls::lease_of_live(&one.app.services().database, &call).await;
        let owner = lease.unwrap().unwrap().lease.unwrap().node;
        let (has, lacks) =
            if owner == one.app.services().node.id() { (one, two) } else { (two, one) };
        assert_eq!(has.calls().await.unwrap().len(), 1);
        nothing_left(lacks).await;
        post_as_twilio(lacks, "/twilio/status", &form(lacks, &call, "completed")).await;
        nothing_left(has).await;
    });
}

#[test]
fn invariant_22_a_node_whose_call_was_taken_over_lets_it_go_without_a_word() {
    on_two(brief, async |one, two| {
        let caller = greeted(one).await;
        let (call, business) = (caller.call_sid(), one.business_id);
        let sent = practice(one).log().look(|record| record.counts.get("response.create").copied());
        let taken = two.app.services().node.take_over(business, call, Some(lease(one))).await;
        let taken = taken.unwrap().unwrap();
        assert_eq!(taken.fence, Fence(2));
        nothing_left(one).await;
        let after =
            practice(one).log().look(|record| record.counts.get("response.create").copied());
        assert_eq!(after, sent, "nothing more was asked of OpenAI");
        assert_eq!(caller.view().borrow().hang_up_requests, 0);
        let db = &one.app.services().database;
        let record = entities::calls::get(db, business, call).await.unwrap().unwrap();
        assert_eq!((record.end_reason, record.stats), (None, None), "its record is another's");
        let written = async {
            while one.app.services().journal.depth() > 0 {
                pause().await;
            }
        };
        within("the journal to be empty", written).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
    });
}
