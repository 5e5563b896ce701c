//! OpenAI refuses for good in the middle of a call: the apology, then the circuit breaker (PIPE-10,
//! OPS-9).

use std::time::Duration;

use entities::calls::CallStatus;
use frontdesk::world::{Plan, World};
use http::StatusCode;
use practice::openai::ResponseFault;
use practice::twilio::{CallOutcome, CallView, Callee, Dial, Done, EndedBy, Pickup, RejectReason};
use protocol::business::Transfer;
use protocol::ids::{CallSid, PhoneNumber};

use crate::support::{
    brief, call_form, ended_record, http_client, number, post_as_twilio, practice, recorded,
    virtually, within, world,
};

const PERSON: &str = "+972501112233";
const LOST: &str = "CA00000000000000000000000000000008";

async fn ready(world: &World) -> (StatusCode, String) {
    let url = format!("http://{}/readyz", world.app.twilio_address());
    let answer = http_client(world).get(&url).send().await.unwrap();
    (answer.status, answer.text())
}

fn is_dialled(view: &CallView) -> bool {
    view.verbs.iter().any(|verb| matches!(verb.what, Done::Dialled { .. }))
}

/// A brief world whose business has a person to put callers through to.
fn with_person(plan: &mut Plan) {
    brief(plan);
    let number = PhoneNumber::parse(PERSON).unwrap();
    plan.business.transfer = Some(Transfer { number, text: None });
}

fn apologised(world: &World, outcome: &CallOutcome) -> bool {
    let apology = world.business.lines().apology;
    let said = |what: &Done| matches!(what, Done::Said { text, .. } if *text == apology);
    outcome.view.verbs.iter().any(|verb| said(&verb.what))
}

/// From now on every response fails like this.
fn every_response(world: &World, other_responses: ResponseFault) {
    practice(world).faults().behave(|model| model.other_responses = other_responses);
}

/// A whole call: how it ended, and why.
async fn call(world: &World, from: u32) -> (CallOutcome, Option<String>) {
    let caller = world.dial(&number(from));
    let outcome = within("the end", caller.ended()).await;
    let reason = ended_record(world, &caller).await.end_reason;
    (outcome, reason)
}

#[test]
fn pipe_10_ops_9_quota_that_runs_out_in_a_call_turns_new_calls_away_for_thirty_seconds() {
    virtually(async {
        let world = world(brief).await;
        every_response(&world, ResponseFault::no_quota());
        let (outcome, reason) = call(&world, 1).await;
        assert!(apologised(&world, &outcome), "{:?}", outcome.view.verbs);
        assert_eq!(reason.as_deref(), Some("upstream_failed"));
        let why = r#"{"ready":false,"why":["provider_quota"]}"#.to_owned();
        assert_eq!(ready(&world).await, (StatusCode::SERVICE_UNAVAILABLE, why));
        assert_eq!(world.app.services().provider.view(world.app.services().clock.now()).faults, 1);

        every_response(&world, ResponseFault::None);
        let (outcome, reason) = call(&world, 2).await;
        assert!(apologised(&world, &outcome), "{:?}", outcome.view.verbs);
        assert_eq!(reason.as_deref(), Some("upstream_failed"), "it has a record");
        assert_eq!(outcome.view.streams.len(), 0, "at once");
        assert_eq!(practice(&world).log().record().connections, 1, "only the first call tried");

        tokio::time::sleep(Duration::from_secs(30)).await;
        let caller = world.dial(&number(3));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        assert_eq!(ready(&world).await.0, StatusCode::OK, "one call has found that it works");
        caller.hang_up();
        within("the end", caller.ended()).await;
        world.close().await;
    });
}

#[test]
fn res_3_pipe_10_who_calls_meanwhile_is_put_through_if_there_is_a_person() {
    virtually(async {
        let answers = Pickup::Person { talks: Duration::from_secs(3) };
        for (then, hears_apology) in [(answers, false), (Pickup::Busy, true)] {
            let world = world(|plan| {
                brief(plan);
                let number = PhoneNumber::parse(PERSON).unwrap();
                plan.business.transfer = Some(Transfer { number, text: None });
            })
            .await;
            world.carrier.set_callee(PERSON, Callee { rings: Duration::from_secs(1), then });
            every_response(&world, ResponseFault::no_quota());
            call(&world, 1).await;
            let (outcome, reason) = call(&world, 2).await;
            assert_eq!(reason.as_deref(), Some("upstream_failed"));
            assert_eq!(outcome.view.streams.len(), 0, "at once");
            let dialled =
                outcome.view.verbs.iter().any(|verb| matches!(&verb.what, Done::Dialled { .. }));
            assert!(dialled, "{:?}", outcome.view.verbs);
            assert_eq!(apologised(&world, &outcome), hears_apology, "{:?}", outcome.view.verbs);
            assert_eq!(outcome.view.violations, []);
            world.close().await;
        }
    });
}

#[test]
fn call_11_pipe_10_an_answer_at_the_door_that_was_lost_is_given_again() {
    virtually(async {
        for has_person in [false, true] {
            let world = world(|plan| {
                brief(plan);
                let number = PhoneNumber::parse(PERSON).unwrap();
                plan.business.transfer = has_person.then_some(Transfer { number, text: None });
            })
            .await;
            every_response(&world, ResponseFault::no_quota());
            call(&world, 1).await;
            let form = call_form(&world, LOST, "ringing");
            let answer = post_as_twilio(&world, "/twilio/voice", &form).await.text();
            let expected =
                if has_person { PERSON.to_owned() } else { world.business.lines().apology };
            assert!(answer.contains(&expected), "{answer}");
            let sid = CallSid::parse(LOST).unwrap();
            recorded(&world, &sid, |record| record.ended_at.is_some()).await;
            let repeated = post_as_twilio(&world, "/twilio/voice", &form).await.text();
            assert_eq!(repeated, answer);
            // Later too, when a call could try again: the caller is told once how it is.
            tokio::time::sleep(Duration::from_secs(31)).await;
            let repeated = post_as_twilio(&world, "/twilio/voice", &form).await.text();
            assert_eq!(repeated, answer);
            // Not once the caller is gone.
            let status = call_form(&world, LOST, "completed");
            post_as_twilio(&world, "/twilio/status", &status).await;
            recorded(&world, &sid, |record| record.status == CallStatus::Completed).await;
            let repeated = post_as_twilio(&world, "/twilio/voice", &form).await.text();
            assert!(repeated.ends_with("<Response><Hangup/></Response>"), "{repeated}");
            world.close().await;
        }
    });
}

#[test]
fn call_13_a_transfer_at_the_door_that_comes_back_is_busy_while_it_rings() {
    virtually(async {
        let world = world(with_person).await;
        let rings = Duration::from_secs(60);
        world.carrier.set_callee(PERSON, Callee { rings, then: Pickup::NoAnswer });
        every_response(&world, ResponseFault::no_quota());
        call(&world, 1).await;
        let to = world.business.phone_numbers[0].clone();
        let passed_on = |from: u32| {
            let mut dial = Dial::new(number(from).as_str(), to.as_str());
            dial.extra = vec![("ForwardedFrom".to_owned(), PERSON.to_owned())];
            world.carrier.dial(&dial)
        };
        let caller = world.dial(&number(2));
        let rung = caller.until(is_dialled);
        within("the ringing", rung).await.unwrap();
        let back = within("the rejection", passed_on(2).ended()).await;
        assert_eq!(back.ended_by, EndedBy::Rejected(RejectReason::Busy));

        let other = passed_on(3);
        let dialled = other.until(is_dialled);
        within("another caller's transfer", dialled).await.unwrap();
        other.hang_up();
        caller.hang_up();
        within("the end", caller.ended()).await;
        world.close().await;
    });
}

#[test]
fn call_13_a_transfer_at_the_door_that_is_over_rejects_nobody() {
    virtually(async {
        let world = world(with_person).await;
        let answers = Pickup::Person { talks: Duration::from_secs(1) };
        every_response(&world, ResponseFault::no_quota());
        call(&world, 1).await;
        let to = world.business.phone_numbers[0].clone();
        // The caller hangs up while it rings; nobody answers; the person has answered, and it is over.
        for (from, then, hangs_up) in
            [(2, Pickup::NoAnswer, true), (3, Pickup::Busy, false), (4, answers, false)]
        {
            let rings = Duration::from_secs(if hangs_up { 60 } else { 1 });
            world.carrier.set_callee(PERSON, Callee { rings, then });
            let caller = world.dial(&number(from));
            within("the ringing", caller.until(is_dialled)).await.unwrap();
            if hangs_up {
                caller.hang_up();
            }
            within("the end", caller.ended()).await;
            ended_record(&world, &caller).await;
            let mut dial = Dial::new(number(from).as_str(), to.as_str());
            dial.extra = vec![("ForwardedFrom".to_owned(), PERSON.to_owned())];
            let again = world.carrier.dial(&dial);
            within("a transfer of its own", again.until(is_dialled)).await.unwrap();
            again.hang_up();
            within("the end", again.ended()).await;
            ended_record(&world, &again).await;
        }
        world.close().await;
    });
}
