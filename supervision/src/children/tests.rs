use std::sync::{Arc, Mutex};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::*;
use crate::clock::Clock;
use crate::testing::Parent;

type Diary = Arc<Mutex<Vec<&'static str>>>;

const PATIENCE: Duration = Duration::from_secs(1);

/// Records its name when it stops. After a message it hangs.
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
async fn res_8_a_child_that_does_not_stop_in_time_is_killed_and_the_others_still_stop() {
    let diary = Diary::default();
    let willing = start("willing", &diary).await.get_cell();
    let deaf = start("deaf", &diary).await;
    deaf.cast(()).unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;

    let clock = Clock::system();
    let began = clock.now();
    let children = [willing, deaf.get_cell()];
    stop_in_reverse(children.iter().cloned(), PATIENCE).await;
    assert!(clock.now() >= began + PATIENCE);
    assert_eq!(*diary.lock().unwrap(), ["willing"]);
    assert!(children.iter().all(|child| child.get_status() == ractor::ActorStatus::Stopped));
}

/// Fails at its first message.
struct Faulty;

impl Actor for Faulty {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<()>, (): (), (): &mut ()) -> Result<(), ActorProcessingErr> {
        Err("a bug".into())
    }
}

#[tokio::test(start_paused = true)]
async fn res_2_invariant_8_a_child_restarts_only_when_its_pause_is_over_and_its_tasks_are_joined() {
    let (report, mut reports) = tokio::sync::mpsc::channel(8);
    let (parent, _) = Actor::spawn(None, Parent, report).await.unwrap();
    let clock = Clock::system();
    let pause = Duration::from_millis(100);
    let policy = RestartPolicy { intensity: 1, period: PATIENCE, backoff: vec![pause] };
    let mut children = Children::new(["worker"], policy);

    let mut actor = None;
    for generation in 0..2 {
        let start = children.next_start(clock.now()).unwrap();
        assert_eq!((start.kind, start.generation), ("worker", Generation(generation)));
        assert!(children.next_start(clock.now()).is_none(), "it is starting already");
        let spawned = Actor::spawn_linked(None, Faulty, (), parent.get_cell()).await.unwrap().0;
        children.started("worker", spawned.get_cell());
        spawned.cast(()).unwrap();
        let ended = loop {
            let event = reports.recv().await.unwrap();
            if let Some(ended) = children.on_event(&event, clock.now()) {
                assert!(children.on_event(&event, clock.now()).is_none(), "an end counts once");
                break ended;
            }
        };
        assert_eq!((ended.kind, ended.error.as_str()), ("worker", "a bug"));
        actor = Some((spawned, ended));
        if generation == 1 {
            break;
        }
        assert_eq!(children.next_restart(), None, "its tasks may still run");
        tokio::time::advance(pause).await;
        assert!(children.next_start(clock.now()).is_none(), "its tasks may still run");
        children.joined("worker");
        assert!(children.next_restart().is_some_and(|at| at <= clock.now()));
    }
    let (_, ended) = actor.unwrap();
    assert_eq!(ended.decision, Decision::GiveUp);
    children.joined("worker");
    assert_eq!(children.next_restart(), None);
    assert!(children.next_start(clock.now()).is_none(), "it was given up");
    assert!(children.running().0.is_empty());
    parent.stop(None);
}

#[tokio::test(start_paused = true)]
async fn children_start_in_order_and_stop_in_reverse() {
    let diary = Diary::default();
    let clock = Clock::system();
    let mut children = Children::new(["first", "second", "third"], RestartPolicy::default());
    let mut order = Vec::new();
    while let Some(start) = children.next_start(clock.now()) {
        order.push(start.kind);
        children.started(start.kind, self::start(start.kind, &diary).await.get_cell());
    }
    assert_eq!(order, ["first", "second", "third"]);
    children.stop(PATIENCE).await;
    assert_eq!(*diary.lock().unwrap(), ["third", "second", "first"]);
}
