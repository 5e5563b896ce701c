use std::time::Duration;

use ractor::{Actor, ActorProcessingErr};
use tokio::sync::mpsc;

use super::*;
use crate::Generation;
use crate::clock::Clock;

type Kind = &'static str;

fn info() -> ActorInfo<Kind, u32> {
    ActorInfo {
        kind: "worker",
        parent: Some(3),
        scope: Some(17),
        generation: Generation(2),
        last_error: Some("frame 7".to_owned()),
        depth: Box::new(|| 4),
    }
}

fn unobserved() -> Registry<Kind, u32> {
    Registry::new(|_| {})
}

#[tokio::test(start_paused = true)]
async fn a_living_actor_is_shown_with_what_it_brought_and_what_it_does() {
    let (registry, clock) = (unobserved(), Clock::system());
    let registration = registry.register(info(), clock.now());
    tokio::time::advance(Duration::from_millis(200)).await;
    registration.handled(clock.now());
    registration.set_state("playing");
    tokio::time::advance(Duration::from_millis(50)).await;

    let expected = ActorView {
        id: registration.id(),
        kind: "worker",
        parent: Some(3),
        scope: Some(17),
        state: "playing",
        generation: Generation(2),
        depth: 4,
        handled: 1,
        since_last_message: Some(Duration::from_millis(50)),
        uptime: Duration::from_millis(250),
        last_error: Some("frame 7".to_owned()),
    };
    assert_eq!(registry.actors_at(clock.now()), [expected]);
}

#[tokio::test]
async fn res_8_invariant_9_an_actor_leaves_the_list_with_its_registration_by_a_panic_too() {
    let (report, mut reports) = mpsc::channel(4);
    let registry = Registry::new(move |event| report.try_send(event).unwrap());
    let clock = Clock::system();
    let registration = registry.register(info(), clock.now());
    let id = registration.id();
    let died = tokio::spawn(async move {
        let _registration = registration;
        panic!("in the middle of something");
    });
    assert!(died.await.is_err());
    assert_eq!(registry.actors_at(clock.now()), []);

    let (kind, scope, generation) = ("worker", Some(17), Generation(2));
    assert_eq!(reports.try_recv(), Ok(ActorEvent::Started { id, kind, scope, generation }));
    assert_eq!(reports.try_recv(), Ok(ActorEvent::Stopped { id, kind, scope, generation }));
}

#[derive(Debug)]
struct Crash;

/// Panics when it is told to.
struct Mortal;

impl Actor for Mortal {
    type Msg = Crash;
    type State = Registration<Kind, u32>;
    type Arguments = Registration<Kind, u32>;

    async fn pre_start(
        &self,
        me: ActorRef<Crash>,
        registration: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        registration.allow_crash(&me, || Crash);
        Ok(registration)
    }

    async fn handle(
        &self,
        _: ActorRef<Crash>,
        Crash: Crash,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        panic!("asked to crash")
    }
}

#[tokio::test]
async fn ops_1_only_living_actors_that_allow_it_can_be_crashed() {
    let (registry, clock) = (unobserved(), Clock::system());
    let immortal = registry.register(info(), clock.now());
    let registration = registry.register(info(), clock.now());
    let id = registration.id();
    let (_, ended) = Actor::spawn(None, Mortal, registration).await.unwrap();

    assert_eq!(registry.crash(immortal.id()), Err(CrashRefused::NotAllowed));
    assert_eq!(registry.crash(id + 1), Err(CrashRefused::Unknown));
    assert_eq!(registry.crash(id), Ok(()));
    ended.await.unwrap();
    assert_eq!(registry.crash(id), Err(CrashRefused::Unknown), "it is dead already");
}
