use std::time::Duration;

use ractor::{Actor, ActorProcessingErr};

use super::*;
use crate::clock::Clock;

const SID: &str = "CA00000000000000000000000000000001";

fn spec() -> ActorSpec {
    ActorSpec {
        kind: ActorKind::TwilioIo,
        parent: Some(3),
        call_sid: Some(CallSid::parse(SID).unwrap()),
        generation: Generation(2),
        last_error: Some("frame 7".to_owned()),
        depth: Box::new(|| 4),
    }
}

#[tokio::test(start_paused = true)]
async fn ops_1_a_living_actor_is_shown_with_exactly_the_documented_fields() {
    let (list, clock) = (Introspection::default(), Clock::start());
    let card = list.register(spec(), clock.now());
    tokio::time::advance(Duration::from_millis(200)).await;
    card.handled(clock.now());
    card.set_state("playing");
    tokio::time::advance(Duration::from_millis(50)).await;

    let shown = serde_json::to_value(list.actors_at(clock.now())).unwrap();
    let expected = serde_json::json!([{
        "id": card.id(), "name": format!("twilio_io {SID}"), "kind": "twilio_io", "parent": 3,
        "call_sid": SID, "state": "playing", "generation": 2, "restarts": 2, "mailbox_depth": 4,
        "handled": 1, "last_message_age_ms": 50, "uptime_ms": 250, "last_error": "frame 7",
    }]);
    assert_eq!(shown, expected);
    let read: Vec<ActorView> = serde_json::from_value(shown).unwrap();
    assert_eq!(read, list.actors_at(clock.now()));
}

#[tokio::test]
async fn res_8_invariant_9_an_actor_leaves_the_list_with_its_card_by_a_panic_too() {
    let (list, clock) = (Introspection::default(), Clock::start());
    let mut heard = list.listen();
    let card = list.register(spec(), clock.now());
    let id = card.id();
    let died = tokio::spawn(async move {
        let _card = card;
        panic!("in the middle of something");
    });
    assert!(died.await.is_err());
    assert_eq!(list.actors_at(clock.now()), []);

    let (kind, call_sid) = (ActorKind::TwilioIo, spec().call_sid);
    let generation = Generation(2);
    let started = IntrospectionEvent::ActorStarted { id, kind, call_sid, generation };
    assert_eq!(heard.try_recv(), Ok(started));
    let call_sid = spec().call_sid;
    assert_eq!(heard.try_recv(), Ok(IntrospectionEvent::ActorStopped { id, kind, call_sid }));
}

#[derive(Debug)]
struct Crash;

/// Panics when it is told to, as the actors of a call do.
struct Mortal;

impl Actor for Mortal {
    type Msg = Crash;
    type State = Card;
    type Arguments = Card;

    async fn pre_start(&self, me: ActorRef<Crash>, card: Card) -> Result<Card, ActorProcessingErr> {
        card.may_crash(&me, || Crash);
        Ok(card)
    }

    async fn handle(
        &self,
        _: ActorRef<Crash>,
        Crash: Crash,
        _: &mut Card,
    ) -> Result<(), ActorProcessingErr> {
        panic!("asked to crash")
    }
}

#[tokio::test]
async fn ops_1_only_living_actors_that_may_be_crashed_can_be() {
    let (list, clock) = (Introspection::default(), Clock::start());
    let immortal = list.register(spec(), clock.now());
    let card = list.register(spec(), clock.now());
    let id = card.id();
    let (_, ended) = Actor::spawn(None, Mortal, card).await.unwrap();

    assert_eq!(list.crash(immortal.id()), Err(KillRefused::NotOneOfTheFour));
    assert_eq!(list.crash(id + 1), Err(KillRefused::Unknown));
    assert_eq!(list.crash(id), Ok(()));
    ended.await.unwrap();
    assert_eq!(list.crash(id), Err(KillRefused::Unknown), "it is dead already");
}
