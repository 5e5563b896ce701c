use std::sync::{Arc, Mutex};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::*;
use crate::clock::Clock;

type Diary = Arc<Mutex<Vec<&'static str>>>;

const PATIENCE: Duration = Duration::from_secs(1);

/// Writes its name when it has stopped; deaf once it has got a message.
struct Diarist;

impl Actor for Diarist {
    type Msg = ();
    type State = (&'static str, Diary);
    type Arguments = (&'static str, Diary);

    async fn pre_start(
        &self,
        _: ActorRef<()>,
        arguments: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(arguments)
    }

    async fn handle(
        &self,
        _: ActorRef<()>,
        (): (),
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        std::future::pending().await
    }

    async fn post_stop(
        &self,
        _: ActorRef<()>,
        (name, diary): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        diary.lock().unwrap().push(name);
        Ok(())
    }
}

async fn start(name: &'static str, diary: &Diary) -> ActorRef<()> {
    Actor::spawn(None, Diarist, (name, Arc::clone(diary))).await.unwrap().0
}

#[tokio::test(start_paused = true)]
async fn res_8_children_stop_last_started_first() {
    let diary = Diary::default();
    let mut started = Vec::new();
    for name in ["call", "realtime", "twilio"] {
        started.push(start(name, &diary).await.get_cell());
    }
    stop_in_reverse(started.into_iter(), PATIENCE).await;
    assert_eq!(*diary.lock().unwrap(), ["twilio", "realtime", "call"]);
}

#[tokio::test(start_paused = true)]
async fn res_8_a_child_that_does_not_stop_is_killed_after_the_patience_and_the_rest_still_stop() {
    let diary = Diary::default();
    let willing = start("willing", &diary).await.get_cell();
    let deaf = start("deaf", &diary).await;
    deaf.cast(()).unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;

    let clock = Clock::start();
    let began = clock.now();
    let children = [willing, deaf.get_cell()];
    stop_in_reverse(children.iter().cloned(), PATIENCE).await;
    assert!(clock.now() >= began + PATIENCE);
    assert_eq!(*diary.lock().unwrap(), ["willing"]);
    assert!(children.iter().all(|child| child.get_status() == ractor::ActorStatus::Stopped));
}

#[tokio::test]
async fn res_2_invariant_8_a_child_is_due_only_when_its_pause_is_known_and_its_rest_is_joined() {
    let mut child = Child::new(ActorKind::Lead);
    let actor = start("lead", &Diary::default()).await;
    child.started(actor.get_cell());
    assert!(child.is(actor.get_id()));

    let pause = Duration::from_millis(100);
    let policy = RestartPolicy { intensity: 1, period: PATIENCE, backoff: vec![pause] };
    let now = Clock::start().now();
    let decision = child.ended(&Exit::Failed("a bug".to_owned()), &policy, now);
    assert_eq!(decision, Decision::RestartAt(now + pause));
    assert_eq!(child.last_error(), Some("a bug"));
    assert!(!child.is(actor.get_id()), "its end is not counted twice");
    assert_eq!(child.starts_at(), None, "its tasks may still run");
    child.joined();
    assert_eq!(child.starts_at(), Some(now + pause));
    assert_eq!(child.next_generation(), Generation(1));

    child.started(actor.get_cell());
    assert_eq!(child.ended(&Exit::Killed, &policy, now + pause), Decision::GiveUp);
    child.joined();
    assert_eq!((child.starts_at(), child.cell().is_none()), (None, true));
    actor.stop(None);
}
