//! Outbound calls (CALL-7), and calls that an earlier daemon left behind.

use std::time::Duration;

use actors::messages::JournalEntry;
use entities::calls::{self, CallDirection, CallRecord, CallStatus, NewCall};
use entities::{DatabaseFault, FaultExtent};
use frontdesk::app::App;
use frontdesk::config::DatabaseUrl;
use frontdesk::http::Listener;
use frontdesk::network::Network;
use frontdesk::network::memory::Conditions;
use frontdesk::provider::RunningProvider;
use frontdesk::world::World;
use practice::openai::{Options, ResponseFault};
use practice::twilio::{Callee, CallerHandle, Done, EndedBy, Pickup, RestFault, RestKind};
use protocol::business::MachineDetection;
use protocol::ids::{AccountSid, CallSid};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    brief, nothing_left, number, one_call_at_once, pause, plan, platform, practice, recorded,
    virtually, within, world,
};

async fn place(world: &World, to: &str) -> (u16, Value) {
    let body = json!({ "business": world.business.slug.as_str(), "to": to });
    within("the answer", world.post_json("api/calls", &body)).await.unwrap()
}

/// Places a call, and returns it with the called person.
async fn placed(world: &World) -> (CallSid, CallerHandle) {
    let to = number(7);
    let (status, body) = place(world, to.as_str()).await;
    assert_eq!((status, &body["status"]), (201, &"queued".into()), "{body}");
    let callee = within("the callee", world.carrier.callee(to.as_str(), "he")).await;
    assert_eq!(body["call_sid"], callee.call_sid().as_str());
    (callee.call_sid().clone(), callee)
}

fn is_over(record: &CallRecord) -> bool {
    record.ended_at.is_some() && record.status.is_terminal()
}

fn answers(world: &World, then: Pickup) {
    let callee = Callee { rings: Duration::from_millis(10), then };
    world.carrier.set_callee(number(7).as_str(), callee);
}

#[test]
fn call_7_an_answered_outbound_call_runs_like_an_inbound_one() {
    virtually(async {
        let world = world(brief).await;
        let (call, callee) = placed(&world).await;
        let greeting = world.business.lines().greeting;
        within("the greeting", callee.hears(&greeting)).await.unwrap();
        within("the sentence", callee.say("בתל אביב")).await.unwrap();
        within("the answer", callee.hears("בתל אביב")).await.unwrap();
        callee.hang_up();
        within("the end", callee.ended()).await;
        nothing_left(&world).await;

        let record = recorded(&world, &call, is_over).await;
        assert_eq!(record.direction, CallDirection::Outbound);
        assert_eq!(record.status, CallStatus::Completed);
        assert_eq!(record.from_number.as_ref(), Some(&world.business.phone_numbers[0]));
        assert_eq!(record.to_number, number(7));
        assert!(record.answered_at.is_some(), "the callback of the answer was written down");
        assert!(record.lead_id.is_some(), "the person who was called is a lead");
        assert_eq!(world.carrier.calls_made(), 1);
        world.close().await;
    });
}

#[test]
fn pipe_10_ops_9_no_paid_call_is_placed_that_could_not_be_spoken_to_or_written_down() {
    virtually(async {
        let world = world(brief).await;
        let to = number(7);
        let refused = async |why: &str| {
            let (status, body) = place(&world, to.as_str()).await;
            assert_eq!((status, body["error"]["code"].as_str()), (503, Some(why)), "{body}");
            assert!(body["error"]["message"].as_str().is_some_and(|told| !told.is_empty()));
        };
        // A call finds that the quota is used up.
        let fails = |fault: ResponseFault| {
            practice(&world).faults().behave(|model| model.other_responses = fault);
        };
        fails(ResponseFault::no_quota());
        within("the end", world.dial(&number(1)).ended()).await;
        refused("provider_quota").await;
        fails(ResponseFault::None);
        refused("provider_quota").await;

        let faults = world.app.services().database.faults().unwrap();
        for (fault, why) in [
            (DatabaseFault::Gone, "database_unreachable"),
            (DatabaseFault::Slow(Duration::from_secs(60)), "database_unreachable"),
        ] {
            tokio::time::sleep(Duration::from_secs(31)).await;
            faults.set(fault, FaultExtent::Lasting);
            refused(why).await;
            faults.clear();
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        faults.set(DatabaseFault::Full, FaultExtent::Lasting);
        for n in 0..4096 {
            let call = CallSid::parse(&format!("CA{n:032x}")).unwrap();
            let services = world.app.services();
            let now = services.clock.wall();
            let entry =
                JournalEntry::progress(world.business_id, call, CallStatus::InProgress, now);
            services.journal.record(entry);
        }
        refused("journal_full").await;
        let creates = || world.carrier.rest_count(RestKind::CreateCall);
        assert_eq!(creates(), 0, "nothing was placed");
        faults.clear();
        tokio::time::sleep(Duration::from_secs(60)).await;
        placed(&world).await.1.hang_up();
        assert_eq!(creates(), 1);
        world.close().await;
    });
}

#[test]
fn call_7_busy_no_answer_and_unreachable_are_recorded_as_not_connected() {
    virtually(async {
        let world = world(brief).await;
        for (then, status) in
            [(Pickup::Busy, CallStatus::Busy), (Pickup::Unreachable, CallStatus::Failed)]
        {
            answers(&world, then);
            let (call, callee) = placed(&world).await;
            within("the end", callee.ended()).await;
            let record = recorded(&world, &call, is_over).await;
            assert_eq!((record.status, record.answered_at), (status, None));
            assert_eq!(record.end_reason.as_deref(), Some("not_connected"));
        }
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn call_7_the_daemon_hangs_up_on_an_answering_machine_or_leaves_the_message_of_the_business() {
    virtually(async {
        for (detection, machine) in [
            (MachineDetection::HangUp, "machine_start"),
            (MachineDetection::LeaveMessage, "machine_end_beep"),
        ] {
            let world = world(|plan| {
                brief(plan);
                plan.business.outbound.machine_detection = detection;
            })
            .await;
            answers(&world, Pickup::Machine);
            let (call, callee) = placed(&world).await;
            let outcome = within("the end", callee.ended()).await;
            assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
            assert_eq!(outcome.view.violations, []);
            assert_eq!(outcome.view.streams.len(), 0, "{machine}: nobody is there to talk with");
            let said: Vec<_> = (outcome.view.verbs.iter())
                .filter_map(|verb| {
                    let Done::Said { text, .. } = &verb.what else { return None };
                    Some(text.clone())
                })
                .collect();
            let expected = match detection {
                MachineDetection::LeaveMessage => vec![world.business.lines().machine_message],
                MachineDetection::Off | MachineDetection::HangUp => vec![],
            };
            assert_eq!(said, expected);
            let record =
                recorded(&world, &call, |record| is_over(record) && record.lead_id.is_some());
            let record = record.await;
            assert_eq!(record.end_reason.as_deref(), Some("machine"));
            assert_eq!(record.ended_by.as_deref(), Some("daemon"));
            nothing_left(&world).await;
            world.close().await;
        }
    });
}

#[test]
fn call_7_a_request_without_an_answer_is_looked_up_before_it_is_sent_again() {
    virtually(async {
        for (fault, creates, lists) in [
            (RestFault::AcceptedThenError, 1, 1),
            (RestFault::ServerError, 2, 1),
            (RestFault::TooManyRequests, 2, 0),
        ] {
            let world = world(brief).await;
            world.carrier.plan_fault(RestKind::CreateCall, fault, 1);
            let (_, callee) = placed(&world).await;
            assert_eq!(world.carrier.calls_made(), 1, "{fault:?}: nobody is called twice");
            assert_eq!(world.carrier.rest_count(RestKind::CreateCall), creates, "{fault:?}");
            assert_eq!(world.carrier.rest_count(RestKind::ListCalls), lists, "{fault:?}");
            callee.hang_up();
            within("the end", callee.ended()).await;
            nothing_left(&world).await;
            world.close().await;
        }
    });
}

#[test]
fn call_7_only_a_silence_leaves_open_whether_a_call_was_placed() {
    virtually(async {
        for (fault, code, told) in [
            (RestFault::TooManyRequests, "twilio_refused", "error 20429"),
            (RestFault::ServerError, "twilio_unreachable", "nothing was placed"),
        ] {
            let world = world(brief).await;
            world.carrier.plan_fault(RestKind::CreateCall, fault, 1000);
            let (status, answer) = place(&world, number(7).as_str()).await;
            let error = &answer["error"];
            assert_eq!((status, &error["code"]), (502, &code.into()), "{answer}");
            assert!(error["message"].as_str().unwrap().contains(told), "{answer}");
            assert!(world.carrier.rest_count(RestKind::CreateCall) > 5, "it was tried again");
            assert_eq!(world.carrier.calls_made(), 0);
            world.close().await;
        }
        let world = world(brief).await;
        world.carrier.plan_fault(RestKind::CreateCall, RestFault::AcceptedThenError, 1);
        world.carrier.plan_fault(RestKind::ListCalls, RestFault::ServerError, 1000);
        let (status, answer) = place(&world, number(7).as_str()).await;
        assert_eq!((status, &answer["error"]["code"]), (502, &"outcome_unknown".into()));
        assert_eq!(world.carrier.rest_count(RestKind::CreateCall), 1, "never sent again");
        world.close().await;
    });
}

#[test]
fn call_7_a_call_that_cannot_be_placed_is_refused_with_the_reason() {
    virtually(async {
        let world = world(brief).await;
        let own = world.business.phone_numbers[0].as_str();
        for (body, status, code, field) in [
            (
                json!({ "business": "nobody", "to": "+972501234567" }),
                404,
                "no_such_business",
                "business",
            ),
            (
                json!({ "business": world.business.slug.as_str(), "to": "100" }),
                400,
                "bad_number",
                "to",
            ),
            (
                json!({ "business": world.business.slug.as_str(), "to": "+999123" }),
                400,
                "bad_number",
                "to",
            ),
            (
                json!({ "business": world.business.slug.as_str(), "to": own }),
                400,
                "bad_number",
                "to",
            ),
            (json!({ "business": "nobody" }), 400, "bad_body", "to"),
            (
                json!({ "business": "x", "to": "+972501234567", "when": "now" }),
                400,
                "bad_body",
                "when",
            ),
        ] {
            let (got, answer) = world.post_json("api/calls", &body).await.unwrap();
            let error = &answer["error"];
            assert_eq!((got, &error["code"]), (status, &code.into()), "{answer}");
            assert_eq!(error["field"].as_str().unwrap_or_default(), field);
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        }
        assert_eq!(world.carrier.rest_count(RestKind::CreateCall), 0);
        world.close().await;
    });
}

#[test]
fn cal_8_a_call_whose_client_has_gone_before_twilio_answers_has_its_row() {
    virtually(async {
        for fault in [None, Some(RestFault::AcceptedThenError)] {
            let world = world(brief).await;
            answers(&world, Pickup::Busy);
            if let Some(fault) = fault {
                world.carrier.plan_fault(RestKind::CreateCall, fault, 1);
            }
            let Network::Memory(network) = world.network() else { panic!("a virtual test") };
            let route = network.route(world.carrier.api_address());
            let delay = Duration::from_secs(2);
            route.set_new(Conditions { delay, ..Conditions::default() });
            let to = number(7);
            timeout(Duration::from_secs(1), place(&world, to.as_str())).await.unwrap_err();
            assert_eq!(world.carrier.rest_count(RestKind::CreateCall), 0, "Twilio is still asked");
            let callee = within("the callee", world.carrier.callee(to.as_str(), "he")).await;
            let record = recorded(&world, callee.call_sid(), is_over).await;
            assert_eq!(record.direction, CallDirection::Outbound);
            assert_eq!((record.to_number, record.status), (to, CallStatus::Busy));
            assert_eq!(world.carrier.calls_made(), 1);
            world.close().await;
        }
    });
}

#[test]
fn call_7_a_full_daemon_places_no_call() {
    virtually(async {
        let world = world(one_call_at_once).await;
        let caller = world.dial(&number(1));
        within("the stream", caller.stream_opened()).await.unwrap();
        let (status, body) = place(&world, number(7).as_str()).await;
        assert_eq!((status, &body["error"]["code"]), (503, &"full".into()));
        assert_eq!(world.carrier.rest_count(RestKind::CreateCall), 0);
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

/// A call that is live by its database row.
fn left_behind(world: &World, call: &str) -> NewCall {
    NewCall {
        call_sid: CallSid::parse(call).unwrap(),
        direction: CallDirection::Inbound,
        status: CallStatus::InProgress,
        from_number: Some(number(3)),
        to_number: world.business.phone_numbers[0].clone(),
        lead_id: None,
        prompt_version: 1,
        started_at: world.app.services().clock.wall(),
        is_test: false,
    }
}

#[test]
fn res_8_at_the_start_calls_that_twilio_does_not_know_are_ended() {
    virtually(async {
        const GONE: &str = "CA00000000000000000000000000009999";
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("calls.db").display());
        let mut config = plan().config;
        config.database.url = DatabaseUrl::parse(&url).unwrap();
        config.twilio.account_sid = AccountSid::parse(&format!("AC{:032}", 5)).unwrap();
        let world = world(|plan| {
            brief(plan);
            plan.config.database.url = config.database.url.clone();
            plan.config.twilio.account_sid = config.twilio.account_sid.clone();
        })
        .await;
        let caller = world.dial(&number(1));
        within("the stream", caller.stream_opened()).await.unwrap();
        recorded(&world, caller.call_sid(), |record| record.lead_id.is_some()).await;
        let database = &world.app.services().database;
        calls::insert_started(database, world.business_id, left_behind(&world, GONE))
            .await
            .unwrap();

        // A daemon that has died leaves these rows. This one lives, so the next gets a copy of them.
        let copy = folder.path().join("copy.db");
        let sql = format!("VACUUM INTO '{}'", copy.display());
        let copied = database.write(|db| async move { db.execute_unprepared(&sql).await });
        copied.await.unwrap();
        config.database.url = DatabaseUrl::parse(&format!("sqlite://{}", copy.display())).unwrap();
        config.twilio.api_url =
            frontdesk::config::HttpUrl::parse(&world.carrier.api_url()).unwrap();
        config.admin.token = None;
        let free = ([127, 0, 0, 1], 0).into();
        let listener = Listener::bind(world.network(), "server.listen", free).await.unwrap();
        let provider =
            RunningProvider::start_with(&config.openai, Options::default(), world.network())
                .await
                .unwrap();
        let second =
            App::start_on(listener, config, provider.endpoint(), platform()).await.unwrap();
        let gone = CallSid::parse(GONE).unwrap();
        let rows = &second.services().database;
        let row = async |call: &CallSid| calls::get(rows, world.business_id, call).await.unwrap();
        let ended = async {
            loop {
                if let Some(record) = row(&gone).await.filter(|record| record.ended_at.is_some()) {
                    return record;
                }
                pause().await;
            }
        };
        let record = within("its end", ended).await;
        assert_eq!(record.end_reason.as_deref(), Some("internal"));
        let living = row(caller.call_sid()).await.unwrap();
        assert_eq!(living.ended_at, None, "Twilio knows this one");
        second.stop().await;

        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        world.close().await;
    });
}
