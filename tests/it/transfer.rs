//! Transfers to a person, over real sockets (CALL-10).

use std::time::Duration;

use actors::introspection::ActorKind;
use frontdesk::world::{Plan, World};
use practice::openai::{Brain, Rule, ToolCall};
use practice::twilio::{Callee, CallerHandle, Done, EndedBy, Pickup, RestFault, RestKind};
use protocol::business::Transfer;
use protocol::ids::PhoneNumber;
use serde_json::json;

use crate::support::{
    brief, ended_record, kill, nothing_left, number, practice, virtually, within, world,
};

pub(crate) const PERSON: &str = "+972501112233";
const FAREWELL: &str = "רגע, מעבירים אותך לדנה";
const NOBODY: &str = "דנה לא עונה, אפשר להשאיר הודעה";

/// A business with a transfer target that behaves this way.
pub(crate) fn with_person(plan: &mut Plan) {
    brief(plan);
    let number = PhoneNumber::parse(PERSON).unwrap();
    plan.business.transfer = Some(Transfer { number, text: Some(FAREWELL.to_owned()) });
    let nobody = |told: &str| Rule {
        told: Some(told.to_owned()),
        say: Some(NOBODY.to_owned()),
        ..Rule::default()
    };
    let transfer = Rule {
        heard: vec!["נציג".to_owned()],
        calls: vec![ToolCall { name: "transfer_call".to_owned(), arguments: json!({}) }],
        ..Rule::default()
    };
    let answer =
        Rule {
            heard: vec!["הודעה".to_owned()], say: Some("רשמתי".to_owned()), ..Rule::default()
        };
    let nobody = [nobody("Nobody answered the transfer"), nobody("The transfer was not possible")];
    plan.openai.brain = Brain::Scripted(nobody.into_iter().chain([answer, transfer]).collect());
}

/// A caller who has asked for the person and heard the farewell.
pub(crate) async fn asks_for_the_person(world: &World, then: Pickup) -> CallerHandle {
    world.carrier.set_callee(PERSON, Callee { rings: Duration::from_secs(1), then });
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    within("the wish", caller.say("תנו לי נציג")).await.unwrap();
    within("the farewell", caller.hears(FAREWELL)).await.unwrap();
    caller
}

pub(crate) async fn is_rung(caller: &CallerHandle) {
    let rung = caller.until(|view| {
        let dialled = Done::Dialled { number: PERSON.to_owned() };
        view.verbs.iter().any(|verb| verb.what == dialled)
    });
    within("the ringing", rung).await.unwrap();
}

async fn nothing_went_wrong(world: &World, caller: &CallerHandle) {
    nothing_left(world).await;
    assert_eq!(caller.view().borrow().violations, []);
    let log = practice(world).log().record();
    assert_eq!(log.faults().count(), 0, "{:?}", log.violations);
}

#[test]
fn call_10_a_caller_is_transferred_after_the_farewell_and_the_session_is_closed() {
    virtually(async {
        let world = world(with_person).await;
        let talks = Duration::from_secs(2);
        let caller = asks_for_the_person(&world, Pickup::Person { talks }).await;
        is_rung(&caller).await;
        let closed = async { practice(&world).log().wait_for(|record| record.alive == 0).await };
        within("the session's end", closed).await;
        assert_eq!(caller.view().borrow().ended, None, "the two speak");
        let outcome = within("the end", caller.ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
        assert_eq!((outcome.view.hang_up_requests, outcome.view.redirect_requests), (0, 1));
        nothing_went_wrong(&world, &caller).await;
        let record = ended_record(&world, &caller).await;
        assert_eq!(record.end_reason.as_deref(), Some("transferred"));
        assert_eq!(record.ended_by.as_deref(), Some("agent"));
        assert!(record.duration.is_some());
        world.close().await;
    });
}

#[test]
fn call_10_after_an_unanswered_transfer_the_caller_is_told_so_and_is_answered() {
    virtually(async {
        let world = world(with_person).await;
        let caller = asks_for_the_person(&world, Pickup::Busy).await;
        within("the agent", caller.hears(NOBODY)).await.unwrap();
        within("a message", caller.say("תרשמי הודעה")).await.unwrap();
        within("the answer", caller.hears("רשמתי")).await.unwrap();
        let heard: Vec<String> =
            caller.view().borrow().heard.iter().map(|h| h.text.clone()).collect();
        assert_eq!(heard, ["שלום", FAREWELL, NOBODY, "רשמתי"], "no second greeting, nothing twice");
        caller.hang_up();
        let outcome = within("the end", caller.ended()).await;
        assert_eq!(outcome.view.streams.len(), 2);
        nothing_went_wrong(&world, &caller).await;
        let record = ended_record(&world, &caller).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        world.close().await;
    });
}

#[test]
fn res_2_a_call_comes_back_from_a_transfer_although_its_actors_crashed_meanwhile() {
    virtually(async {
        let world = world(with_person).await;
        let caller = asks_for_the_person(&world, Pickup::Busy).await;
        is_rung(&caller).await;
        kill(&world, ActorKind::Call).await;
        kill(&world, ActorKind::Realtime).await;
        within("the agent", caller.hears(NOBODY)).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_went_wrong(&world, &caller).await;
        assert_eq!(practice(&world).log().record().said_texts(), ["שלום", FAREWELL, NOBODY]);
        world.close().await;
    });
}

#[test]
fn call_10_a_transfer_that_twilio_refuses_leaves_the_caller_with_the_agent() {
    virtually(async {
        let world = world(with_person).await;
        world.carrier.plan_fault(RestKind::Redirect, RestFault::Forbidden, 1);
        let caller = asks_for_the_person(&world, Pickup::Busy).await;
        within("the agent", caller.hears(NOBODY)).await.unwrap();
        caller.hang_up();
        let outcome = within("the end", caller.ended()).await;
        assert_eq!(outcome.view.streams.len(), 1, "the stream was never left");
        nothing_went_wrong(&world, &caller).await;
        world.close().await;
    });
}

#[test]
fn call_10_an_operator_can_end_a_transferred_call() {
    virtually(async {
        let world = world(with_person).await;
        let talks = Duration::from_secs(3600);
        let caller = asks_for_the_person(&world, Pickup::Person { talks }).await;
        is_rung(&caller).await;
        let path = format!("api/calls/{}/hangup", caller.call_sid());
        assert_eq!(world.post(&path).await.unwrap(), 202);
        let outcome = within("the end", caller.ended()).await;
        assert_eq!((outcome.ended_by, outcome.view.hang_up_requests), (EndedBy::Rest, 1));
        nothing_went_wrong(&world, &caller).await;
        let record = ended_record(&world, &caller).await;
        assert_eq!(record.end_reason.as_deref(), Some("operator"));
        world.close().await;
    });
}
