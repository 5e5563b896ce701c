use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mistakes::{Mistake, plant};

use super::*;
use crate::call_supervisor::{CallSupervisor, CallSupervisorArgs};
use crate::link::{Connecting, Connector};
use crate::testing;

/// Connects for ever. Counts the connections that are being opened, and those that were begun.
#[derive(Clone, Default)]
struct Slow {
    open: Arc<AtomicUsize>,
    begun: Arc<AtomicUsize>,
}

struct Opening(Arc<AtomicUsize>);

impl Connector for Slow {
    fn connect(&self, _: &str) -> Connecting {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
        let opening = Opening(Arc::clone(&self.open));
        Box::pin(async move {
            let _opening = opening;
            std::future::pending().await
        })
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The sessions of a call that are being opened after RealtimeActor has crashed, and all that were
/// begun.
async fn sessions_after_a_crash() -> (usize, usize) {
    let connector = Slow::default();
    let parts = testing::call(Arc::new(connector.clone()));
    let registration = testing::register(&parts, ActorKind::CallSupervisor);
    let args = CallSupervisorArgs { parts: Arc::clone(&parts), registration };
    let (supervisor, ended) = Actor::spawn(None, CallSupervisor, args).await.unwrap();
    let a_moment = Duration::from_millis(1);
    tokio::time::sleep(a_moment).await;
    assert_eq!(connector.open.load(Ordering::SeqCst), 1);

    let introspection = &parts.services.introspection;
    let actors = introspection.actors_at(parts.clock.now());
    let realtime = actors.iter().find(|actor| actor.kind == ActorKind::Realtime).unwrap();
    introspection.crash(realtime.id).unwrap();
    tokio::time::sleep(a_moment).await;
    let open = connector.open.load(Ordering::SeqCst);
    let sessions = (open, connector.begun.load(Ordering::SeqCst));
    supervisor.stop(None);
    ended.await.unwrap();
    sessions
}

#[tokio::test(start_paused = true)]
async fn early_restart_leaves_the_session_of_the_crashed_actor_and_its_successor_without_one() {
    assert_eq!(sessions_after_a_crash().await, (1, 2));
    let _planted = plant(Mistake::EarlyRestart);
    assert_eq!(sessions_after_a_crash().await, (1, 1), "the second waits for the call's socket");
}
