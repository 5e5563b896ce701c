//! A running call that OpenAI can't answer any more is put through to the transfer number (PIPE-10).

use std::time::Duration;

use actors::introspection::ActorKind;
use frontdesk::network::Network;
use frontdesk::network::memory::{Conditions, Flow, Route};
use frontdesk::world::{Plan, World};
use practice::openai::{ConnectRefusal, ResponseFault};
use practice::twilio::{
    CallView, Callee, CallerHandle, Dial, Done, EndedBy, Pickup, RejectReason, RestFault, RestKind,
};
use protocol::business::Transfer;
use protocol::ids::PhoneNumber;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{
    brief, ended_record, kill, nothing_left, number, post_as_twilio, practice, virtually, within,
    world,
};
use crate::transfer::{PERSON, is_rung};

const ANSWERS: Pickup = Pickup::Person { talks: Duration::from_secs(3) };

fn with_person(plan: &mut Plan) {
    brief(plan);
    let number = PhoneNumber::parse(PERSON).unwrap();
    plan.business.transfer = Some(Transfer { number, text: None });
}

/// A world whose person rings for two seconds and then does this.
async fn world_with(then: Pickup) -> World {
    let world = world(with_person).await;
    world.carrier.set_callee(PERSON, Callee { rings: Duration::from_secs(2), then });
    world
}

/// A caller whose sentence no session can answer.
async fn is_given_up(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    let quota = ResponseFault::no_quota();
    practice(world).faults().behave(|model| model.other_responses = quota);
    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    caller
}

fn api(world: &World) -> Route {
    let Network::Memory(network) = world.network() else { panic!("a virtual test") };
    network.route(world.carrier.api_address())
}

fn apologies(world: &World, view: &CallView) -> usize {
    let apology = world.business.lines().apology;
    let said = |what: &Done| matches!(what, Done::Said { text, .. } if *text == apology);
    view.verbs.iter().filter(|verb| said(&verb.what)).count()
}

fn rung(view: &CallView) -> usize {
    view.verbs.iter().filter(|verb| matches!(verb.what, Done::Dialled { .. })).count()
}

fn connections(world: &World) -> u64 {
    practice(world).log().look(|record| record.connections)
}

/// The call ends as a failure of OpenAI's. Returns how often the person was rung and how often Twilio
/// has apologised.
async fn ends(world: World, caller: CallerHandle) -> (usize, usize) {
    let view = within("the end", caller.ended()).await.view;
    assert_eq!(view.violations, []);
    let record = ended_record(&world, &caller).await;
    assert_eq!(record.end_reason.as_deref(), Some("upstream_failed"));
    assert_eq!(record.ended_by.as_deref(), Some("daemon"));
    nothing_left(&world).await;
    assert_eq!(connections(&world), 1, "no session is opened for it");
    let counts = (rung(&view), apologies(&world, &view));
    world.close().await;
    counts
}

#[test]
fn pipe_10_a_caller_is_put_through_and_the_session_is_closed_while_the_two_speak() {
    virtually(async {
        let world = world_with(ANSWERS).await;
        let caller = is_given_up(&world).await;
        is_rung(&caller).await;
        let closed = async { practice(&world).log().wait_for(|record| record.alive == 0).await };
        within("the session's end", closed).await;
        assert_eq!(caller.view().borrow().ended, None);
        assert_eq!(ends(world, caller).await, (1, 0));
    });
}

#[test]
fn pipe_10_a_caller_whose_patience_is_over_is_put_through_and_no_session_is_tried_any_more() {
    virtually(async {
        let world = world_with(Pickup::Busy).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        practice(&world).faults().behave(|model| model.refuses = Some(ConnectRefusal::Http(503)));
        practice(&world).faults().drop_now();
        is_rung(&caller).await;
        let tried = connections(&world);
        assert!(tried > 2, "it was tried for ten seconds");
        let view = within("the end", caller.ended()).await.view;
        assert_eq!((rung(&view), apologies(&world, &view)), (1, 1));
        assert_eq!(connections(&world), tried);
        world.close().await;
    });
}

#[test]
fn pipe_10_a_caller_whom_nobody_answers_hears_the_apology_once() {
    virtually(async {
        for then in [Pickup::Busy, Pickup::NoAnswer, Pickup::Unreachable] {
            let world = world_with(then).await;
            let caller = is_given_up(&world).await;
            assert_eq!(ends(world, caller).await, (1, 1), "{then:?}");
        }
    });
}

#[test]
fn call_10_an_outcome_that_is_not_known_means_that_nobody_answered() {
    virtually(async {
        for status in [Some("weird"), Some(""), None] {
            let world = world_with(ANSWERS).await;
            let caller = is_given_up(&world).await;
            is_rung(&caller).await;
            let call = caller.call_sid().as_str();
            let mut form = crate::support::call_form(&world, call, "in-progress");
            let status = status.map(|status| ("DialCallStatus".to_owned(), status.to_owned()));
            form.extend(status.clone());
            let answer = post_as_twilio(&world, "/twilio/voice/transfer", &form).await.text();
            assert!(answer.contains(&world.business.lines().apology), "{status:?}: {answer}");
            caller.hang_up();
            assert_eq!(ends(world, caller).await, (1, 0));
        }
    });
}

/// The call of somebody whom Twilio's REST API never puts through: how long the caller hears nothing, how
/// often the person rings, and how often Twilio apologises.
async fn without_rest(fault: RestFault, then: Option<Pickup>) -> (Duration, usize, usize) {
    let world = match then {
        Some(then) => world_with(then).await,
        None => world(brief).await,
    };
    for kind in [RestKind::Redirect, RestKind::HangUp] {
        world.carrier.plan_fault(kind, fault, 1000);
    }
    let caller = is_given_up(&world).await;
    let closed = practice(&world).log().wait_for(|record| record.alive == 0);
    within("the end of the sessions", closed).await;
    let clock = world.app.services().clock;
    let before = clock.now();
    let word = |what: &Done| matches!(what, Done::Dialled { .. } | Done::Said { .. });
    let goes_on = caller.until(|view| view.verbs.iter().any(|verb| word(&verb.what)));
    within("a word", goes_on).await.unwrap();
    let silent = clock.now() - before;
    let (rung, apologies) = ends(world, caller).await;
    (silent, rung, apologies)
}

#[test]
fn res_3_pipe_10_what_twilio_refuses_over_rest_is_given_by_the_webhook_after_the_stream() {
    virtually(async {
        for (fault, at_most) in [(RestFault::Forbidden, 1), (RestFault::ServerError, 6)] {
            for (then, expected) in
                [(Some(ANSWERS), (1, 0)), (Some(Pickup::Busy), (1, 1)), (None, (0, 1))]
            {
                let (silent, rung, apologies) = without_rest(fault, then).await;
                assert_eq!((rung, apologies), expected, "{fault:?} {then:?}");
                assert!(silent < Duration::from_secs(at_most), "{fault:?} {then:?}: {silent:?}");
            }
        }
    });
}

#[test]
fn res_3_a_redirect_that_is_taken_and_answered_with_500_is_heard_once() {
    virtually(async {
        for (then, expected) in
            [(Some(ANSWERS), (1, 0)), (Some(Pickup::Busy), (1, 1)), (None, (0, 1))]
        {
            let (_, rung, apologies) = without_rest(RestFault::AcceptedThenError, then).await;
            assert_eq!((rung, apologies), expected, "{then:?}");
        }
    });
}

#[test]
fn call_11_a_webhook_after_the_terminal_status_of_a_call_that_was_put_through_rings_nobody() {
    virtually(async {
        let world = world_with(Pickup::NoAnswer).await;
        let caller = is_given_up(&world).await;
        is_rung(&caller).await;
        let call = caller.call_sid().as_str();
        let form = |status| {
            let mut form = crate::support::call_form(&world, call, status);
            form.iter_mut().find(|(name, _)| name == "From").unwrap().1 = number(1).to_string();
            form
        };
        post_as_twilio(&world, "/twilio/status", &form("completed")).await;
        for wait in [0, 1, 5, 3600].map(Duration::from_secs) {
            sleep(wait).await;
            for path in ["/twilio/voice", "/twilio/voice/resume"] {
                let answer = post_as_twilio(&world, path, &form("in-progress")).await.text();
                assert!(answer.ends_with("<Response><Hangup/></Response>"), "{path}: {answer}");
            }
        }
        world.close().await;
    });
}

#[test]
fn pipe_10_a_transfer_that_twilio_refuses_is_given_by_the_webhook() {
    virtually(async {
        let world = world_with(ANSWERS).await;
        world.carrier.plan_fault(RestKind::Redirect, RestFault::Forbidden, 1);
        let caller = is_given_up(&world).await;
        assert_eq!(ends(world, caller).await, (1, 0));
    });
}

#[test]
fn pipe_10_a_request_whose_answer_is_lost_rings_once_and_does_not_cut_the_apology_off() {
    virtually(async {
        let world = world_with(Pickup::Busy).await;
        world.carrier.plan_fault(RestKind::Redirect, RestFault::AcceptedThenSilence, 1);
        let caller = is_given_up(&world).await;
        assert_eq!(ends(world, caller).await, (1, 1));
    });
}

#[test]
fn res_2_a_call_is_put_through_although_its_actors_crash_while_it_rings() {
    virtually(async {
        for (then, apologies) in [(ANSWERS, 0), (Pickup::Busy, 1)] {
            let world = world_with(then).await;
            let caller = is_given_up(&world).await;
            is_rung(&caller).await;
            for kind in [ActorKind::Call, ActorKind::Realtime, ActorKind::TwilioIo] {
                kill(&world, kind).await;
            }
            assert_eq!(ends(world, caller).await, (1, apologies), "{then:?}");
        }
    });
}

#[test]
fn pipe_10_webhooks_while_it_rings_are_answered_with_the_transfer_and_open_no_session() {
    virtually(async {
        let world = world_with(ANSWERS).await;
        let caller = is_given_up(&world).await;
        is_rung(&caller).await;
        for path in ["/twilio/voice", "/twilio/voice/resume"] {
            let mut form =
                crate::support::call_form(&world, caller.call_sid().as_str(), "in-progress");
            form.iter_mut().find(|(name, _)| name == "From").unwrap().1 = number(1).to_string();
            let answer = post_as_twilio(&world, path, &form).await.text();
            assert!(answer.contains("<Dial") && answer.contains(PERSON), "{path}: {answer}");
        }
        assert_eq!(ends(world, caller).await, (1, 0));
    });
}

#[test]
fn pipe_10_a_stream_that_is_lost_at_that_moment_rings_the_person_once() {
    virtually(async {
        for (fault, then, expected) in [
            (None, ANSWERS, (1, 0)),
            (None, Pickup::Busy, (1, 1)),
            (Some(RestFault::Forbidden), Pickup::Busy, (1, 1)),
        ] {
            let world = world_with(then).await;
            api(&world)
                .set_new(Conditions { delay: Duration::from_millis(500), ..Conditions::default() });
            if let Some(fault) = fault {
                world.carrier.plan_fault(RestKind::Redirect, fault, 1);
            }
            let caller = is_given_up(&world).await;
            let closed = practice(&world).log().wait_for(|record| record.alive == 0);
            within("the session's end", closed).await;
            caller.cut_socket().unwrap();
            assert_eq!(ends(world, caller).await, expected, "{fault:?} {then:?}");
        }
    });
}

#[test]
fn pipe_10_a_caller_who_hangs_up_while_it_rings_is_let_go() {
    virtually(async {
        let world = world_with(Pickup::NoAnswer).await;
        let caller = is_given_up(&world).await;
        is_rung(&caller).await;
        caller.hang_up();
        assert_eq!(ends(world, caller).await, (1, 0));
    });
}

#[test]
fn pipe_10_without_a_person_the_caller_hears_the_apology() {
    virtually(async {
        let world = world(brief).await;
        let caller = is_given_up(&world).await;
        assert_eq!(ends(world, caller).await, (0, 1));
    });
}

#[test]
fn pipe_10_somebody_whom_the_business_has_called_is_never_put_through() {
    virtually(async {
        let world = world_with(ANSWERS).await;
        let body = json!({ "business": world.business.slug, "to": number(7).as_str() });
        let (status, _) = within("the call", world.post_json("api/calls", &body)).await.unwrap();
        assert_eq!(status, 201);
        let callee = within("the callee", world.carrier.callee(number(7).as_str(), "he")).await;
        within("the greeting", callee.hears("שלום")).await.unwrap();
        let quota = ResponseFault::no_quota();
        practice(&world).faults().behave(|model| model.other_responses = quota);
        within("the sentence", callee.say("בתל אביב")).await.unwrap();
        assert_eq!(ends(world, callee).await, (0, 1));
    });
}

#[test]
fn call_13_a_call_that_is_put_through_and_comes_back_is_busy() {
    virtually(async {
        let world = world_with(Pickup::NoAnswer).await;
        let caller = is_given_up(&world).await;
        is_rung(&caller).await;
        let mut dial = Dial::new(number(1).as_str(), world.business.phone_numbers[0].as_str());
        dial.extra = vec![("ForwardedFrom".to_owned(), PERSON.to_owned())];
        let back = within("the rejection", world.carrier.dial(&dial).ended()).await;
        assert_eq!(back.ended_by, EndedBy::Rejected(RejectReason::Busy));
        assert_eq!(ends(world, caller).await, (1, 1));
    });
}

/// A call of a business without a person, whose stream is lost while Twilio is asked to apologise.
async fn loses_its_stream(fault: Option<RestFault>, conditions: Conditions) -> (CallView, usize) {
    let world = world(brief).await;
    api(&world).set_new(conditions);
    if let Some(fault) = fault {
        world.carrier.plan_fault(RestKind::Redirect, fault, 1);
    }
    let caller = is_given_up(&world).await;
    let apologises = async {
        loop {
            let calls = world.calls().await.unwrap();
            if calls.iter().any(|call| call.call.phase == "hanging_up") {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    within("the apology's request", apologises).await;
    caller.cut_socket().unwrap();
    let view = within("the end", caller.ended()).await.view;
    // A request that was still under way would arrive.
    sleep(Duration::from_secs(60)).await;
    let apologies = apologies(&world, &view);
    nothing_left(&world).await;
    world.close().await;
    (view, apologies)
}

#[test]
fn res_3_an_apology_is_heard_once_though_the_stream_is_lost_as_it_is_asked_for() {
    virtually(async {
        let late = Conditions { delay: Duration::from_millis(500), ..Conditions::default() };
        let never = Conditions { flow: Flow::BlackHole, ..Conditions::default() };
        for (fault, conditions, by_request) in [
            (None, late, true),
            (Some(RestFault::TooManyRequests), late, true),
            (Some(RestFault::Forbidden), late, false),
            (None, never, false),
        ] {
            let (view, apologies) = loses_its_stream(fault, conditions).await;
            assert_eq!(apologies, 1, "{fault:?} {by_request}: {:?}", view.verbs);
            assert_eq!(view.hang_up_requests, 0, "{fault:?} {by_request}");
            assert_eq!(view.ended, Some(EndedBy::HangupVerb));
        }
    });
}
