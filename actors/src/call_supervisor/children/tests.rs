use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mistakes::{Mistake, plant};

use super::*;
use crate::call_supervisor::{CallSupervisor, CallSupervisorArgs};
use crate::link::{Connecting, Connector};
use crate::testing;

/// Connects for ever, and counts the connections that are being opened.
#[derive(Clone, Default)]
struct Slow(Arc<AtomicUsize>);

struct Opening(Arc<AtomicUsize>);

impl Connector for Slow {
    fn connect(&self, _: &str) -> Connecting {
        self.0.fetch_add(1, Ordering::SeqCst);
        let opening = Opening(Arc::clone(&self.0));
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

/// The sessions of a call that are being opened, after RealtimeActor has crashed.
async fn sessions_after_a_crash() -> usize {
    let connector = Slow::default();
    let parts = testing::call(Arc::new(connector.clone()));
    let registration = testing::register(&parts, ActorKind::CallSupervisor);
    let args = CallSupervisorArgs { parts: Arc::clone(&parts), registration };
    let (supervisor, ended) = Actor::spawn(None, CallSupervisor, args).await.unwrap();
    let a_moment = Duration::from_millis(1);
    tokio::time::sleep(a_moment).await;
    assert_eq!(connector.0.load(Ordering::SeqCst), 1);

    let introspection = &parts.services.introspection;
    let actors = introspection.actors_at(parts.clock.now());
    let realtime = actors.iter().find(|actor| actor.kind == ActorKind::Realtime).unwrap();
    introspection.crash(realtime.id).unwrap();
    tokio::time::sleep(a_moment).await;
    let sessions = connector.0.load(Ordering::SeqCst);
    supervisor.stop(None);
    ended.await.unwrap();
    sessions
}

#[tokio::test(start_paused = true)]
async fn early_restart_opens_a_second_session_beside_that_of_the_crashed_actor() {
    assert_eq!(sessions_after_a_crash().await, 1);
    let _planted = plant(Mistake::EarlyRestart);
    assert_eq!(sessions_after_a_crash().await, 2);
}
