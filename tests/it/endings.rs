//! After every kind of ending nothing of the call is left, and its record is complete (CALL-5, CALL-6,
//! RES-8).

use std::future::Future;
use std::time::Duration;

use entities::call_turns::TurnRole;
use entities::calls::CallStatus;
use frontdesk::world::World;
use practice::openai::{Brain, Log, Rule, ToolCall};
use practice::twilio::{
    CallView, CallbackDelivery, CallerHandle, EndedBy, RestFault, RestKind, StreamEnd,
};
use serde_json::json;

use crate::support::{
    brief, call_form, ended_record, nothing_left, number, post_as_twilio, practice, recorded,
    virtually, within, world,
};

/// CALL-5: the time in which a terminal status must close a call's sockets.
const AT_ONCE: Duration = Duration::from_millis(250);

/// A call whose greeting has been heard.
async fn open_call(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    caller
}

/// Sends the daemon a signed status callback that the call has ended.
async fn terminal_status(world: &World, caller: &CallerHandle, duration_secs: u32) {
    let mut form = call_form(world, caller.call_sid().as_str(), "completed");
    form.push(("CallDuration".to_owned(), duration_secs.to_string()));
    let answer = post_as_twilio(world, "/twilio/status", &form).await;
    assert_eq!(answer.status, 204);
}

/// The time on the call's clock when something happened.
async fn time_of(caller: &CallerHandle, what: &str, coming: impl Future) -> Duration {
    within(what, coming).await;
    caller.elapsed()
}

/// Ends a call by its terminal status. Returns how long its stream and its session stayed open.
async fn outlived(world: &World, log: &Log) -> (Duration, Duration) {
    let caller = open_call(world).await;
    let sent_at = caller.elapsed();
    let stream_ends = caller.until(|view| view.streams[0].ended.is_some());
    let ((), stream_at, session_at) = tokio::join!(
        terminal_status(world, &caller, 42),
        time_of(&caller, "the stream's end", stream_ends),
        time_of(&caller, "the session's end", log.wait_for(|record| record.alive == 0)),
    );
    nothing_left(world).await;
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb, "the resume of an ended call is hung up");
    assert_eq!(outcome.view.hang_up_requests, 0, "Twilio knows already");
    let record = ended_record(world, &caller).await;
    assert_eq!(record.status, CallStatus::Completed);
    assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
    assert!(record.answered_at.is_some_and(|answered| answered >= record.started_at));
    (stream_at - sent_at, session_at - sent_at)
}

#[test]
fn call_5_a_terminal_status_closes_stream_and_session_within_250_ms() {
    virtually(async {
        let world = world(brief).await;
        let log = practice(&world).log().clone();
        let mut took = Vec::new();
        // On a busy machine one call can take longer, but not each.
        for _ in 0..8 {
            let (stream, session) = outlived(&world, &log).await;
            if stream < AT_ONCE && session < AT_ONCE {
                world.close().await;
                return;
            }
            took.push((stream, session));
        }
        panic!("stream and session took {took:?}");
    });
}

#[test]
fn call_5_a_caller_who_hangs_up_leaves_only_the_record() {
    virtually(async {
        let world = world(brief).await;
        let caller = open_call(&world).await;
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        within("the answer", caller.hears("בתל אביב")).await.unwrap();
        caller.hang_up();
        let outcome = within("the end", caller.ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::CallerHangUp);
        assert_eq!(outcome.view.hang_up_requests, 0);
        assert_eq!(outcome.view.violations, []);
        nothing_left(&world).await;

        let record = recorded(&world, caller.call_sid(), |record| record.duration.is_some()).await;
        assert_eq!(record.status, CallStatus::Completed);
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        assert_eq!(record.ended_by.as_deref(), Some("caller"));
        assert_eq!(record.from_number, Some(number(1)));
        assert!(record.lead_id.is_some(), "every caller is a lead");
        let told = outcome.duration.unwrap().as_secs_f64().ceil();
        assert_eq!(record.duration.map(|duration| duration.as_secs_f64()), Some(told));
        let stats = record.stats.expect("what was counted");
        assert_eq!(stats["responses"], 2);
        assert!(stats["frames"]["sent"].as_u64().unwrap() > 50, "{stats}");
        assert_eq!(stats["frames"]["blocked"], 0);
        assert!(stats["transcribed_ms"].as_u64().unwrap() > 300, "{stats}");
        assert!(stats["cost_micro_usd"].as_u64().unwrap() > 0, "{stats}");
        assert_eq!(
            turns_of(&world, &caller).await,
            [
                (TurnRole::Agent, "שלום".to_owned()),
                (TurnRole::Caller, "בתל אביב".to_owned()),
                (TurnRole::Agent, "בתל אביב".to_owned()),
            ]
        );
        world.close().await;
    });
}

async fn turns_of(world: &World, caller: &CallerHandle) -> Vec<(TurnRole, String)> {
    let database = &world.app.services().database;
    let turns = entities::call_turns::of_call(database, world.business_id, caller.call_sid()).await;
    let said = turns.unwrap().into_iter();
    said.map(|turn| (turn.role, turn.text.unwrap_or_default())).collect()
}

#[test]
fn call_5_after_a_reconnect_the_call_goes_on_in_the_same_session_without_a_greeting() {
    virtually(async {
        let world = world(brief).await;
        let caller = open_call(&world).await;
        caller.cut_socket().unwrap();
        let back = |view: &CallView| view.streams.len() == 2 && view.streams[1].frames_sent > 0;
        within("the second stream", caller.until(back)).await.unwrap();
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        within("the answer", caller.hears("בתל אביב")).await.unwrap();
        caller.hang_up();
        let outcome = within("the end", caller.ended()).await;
        assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Cut));
        assert_eq!(outcome.view.violations, []);
        nothing_left(&world).await;
        let record = practice(&world).log().record();
        assert_eq!(record.sessions, 1);
        assert_eq!(record.said_texts(), ["שלום", "בתל אביב"]);
        assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
        world.close().await;
    });
}

/// The only test that waits for a time limit of the daemon, 15 s, in real time.
#[test]
fn call_5_a_lost_socket_that_never_comes_back_ends_the_call_as_stream_lost() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.config.server.patience.stream = Duration::from_secs(2);
        })
        .await;
        let caller = open_call(&world).await;
        world.carrier.set_cut_off(true);
        caller.cut_socket().unwrap();
        let outcome = within("the end at Twilio", caller.ended()).await;
        // Either comes first: no /resume gets through, or the daemon ends the call.
        let ended_by = [EndedBy::ApplicationError, EndedBy::Rest];
        assert!(ended_by.contains(&outcome.ended_by), "{:?}", outcome.ended_by);
        assert_eq!(outcome.view.streams.len(), 1);
        assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Cut));

        nothing_left(&world).await;
        assert_eq!(world.calls().await.unwrap().len(), 0);
        let record =
            recorded(&world, caller.call_sid(), |record| record.end_reason.is_some()).await;
        assert_eq!(record.end_reason.as_deref(), Some("stream_lost"));
        assert_eq!(record.duration, None, "Twilio's status never came");
        let log = practice(&world).log().record();
        assert_eq!((log.sessions, log.alive), (1, 0));
        assert_eq!(log.faults().count(), 0, "{:?}", log.violations);
        world.close().await;
    });
}

#[test]
fn call_6_an_operator_who_hangs_up_twice_causes_one_request_to_twilio() {
    virtually(async {
        let world = world(brief).await;
        let caller = open_call(&world).await;
        let path = format!("api/calls/{}/hangup", caller.call_sid());
        let (first, second) = tokio::join!(world.post(&path), world.post(&path));
        let mut answers = [first.unwrap(), second.unwrap()];
        answers.sort_unstable();
        assert_eq!(answers[0], 202);
        assert!([202, 404, 409].contains(&answers[1]), "{answers:?}");
        let outcome = within("the end", caller.ended()).await;
        nothing_left(&world).await;
        assert_eq!(world.carrier.rest_count(RestKind::HangUp), 1);
        assert_eq!(outcome.view.violations, []);
        let record = recorded(&world, caller.call_sid(), |record| record.duration.is_some()).await;
        assert_eq!(record.end_reason.as_deref(), Some("operator"));
        assert_eq!(record.ended_by.as_deref(), Some("operator"));
        world.close().await;
    });
}

/// The answers of Twilio's REST API to a call's hang-up requests, in order.
async fn hang_up_answers(faults: &[RestFault]) -> Vec<Option<u16>> {
    let world = world(|plan| {
        brief(plan);
        plan.openai.brain = Brain::Scripted(vec![Rule {
            say: Some("ביי".to_owned()),
            calls: vec![ToolCall {
                name: "call_control".to_owned(),
                arguments: json!({ "should_end_call": true, "end_reason": "user_goodbye" }),
            }],
            ..Rule::default()
        }]);
    })
    .await;
    for fault in faults {
        world.carrier.plan_fault(RestKind::HangUp, *fault, 1);
    }
    let caller = open_call(&world).await;
    within("the goodbye", caller.say("להתראות")).await.unwrap();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    let mut log = world.carrier.rest_log();
    let asked = log.wait_for(|log| log.len() > faults.len());
    within("the last request", async { asked.await.map(drop) }).await.unwrap();
    nothing_left(&world).await;
    let record = recorded(&world, caller.call_sid(), |record| record.end_reason.is_some()).await;
    assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
    let answers = log.borrow().iter().map(|request| request.status).collect();
    world.close().await;
    answers
}

#[test]
fn call_6_a_hang_up_is_retried_until_twilio_accepts_it() {
    virtually(async {
        let faults = [RestFault::TooManyRequests, RestFault::ServerError];
        assert_eq!(hang_up_answers(&faults).await, [Some(429), Some(500), Some(200)]);
    });
}

#[test]
fn call_6_an_answer_of_not_in_progress_counts_as_success() {
    virtually(async {
        assert_eq!(hang_up_answers(&[RestFault::AcceptedThenError]).await, [Some(500), Some(400)]);
    });
}

#[test]
fn call_6_a_hang_up_without_an_answer_is_retried() {
    virtually(async {
        assert_eq!(hang_up_answers(&[RestFault::AcceptedThenSilence]).await, [None, Some(400)]);
    });
}

#[test]
fn call_5_a_status_that_arrives_after_the_actors_have_stopped_is_still_recorded() {
    virtually(async {
        let world = world(brief).await;
        world.carrier.set_delivery(CallbackDelivery::Lost);
        let caller = open_call(&world).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        let call = caller.call_sid();
        let before = recorded(&world, call, |record| record.end_reason.is_some()).await;
        assert_eq!(before.duration, None);
        terminal_status(&world, &caller, 17).await;
        let after = recorded(&world, call, |record| record.duration.is_some()).await;
        assert_eq!(after.duration, Some(Duration::from_secs(17)));
        assert_eq!(after.status, CallStatus::Completed);
        assert_eq!(after.end_reason, before.end_reason, "the reason stays");
        nothing_left(&world).await;
        world.close().await;
    });
}
