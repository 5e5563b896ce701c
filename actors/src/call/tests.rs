use std::time::Duration;

use mistakes::{Mistake, plant};

use super::*;
use crate::introspection::ActorKind;
use crate::testing::{self, Unreachable};

/// The lead's orders, after CallActor began with a call that had handled so many events and has undelivered
/// commands.
async fn lead_orders(handled: u64) -> usize {
    let parts = testing::call(Arc::new(Unreachable));
    let call = parts.snapshot.borrow().call.clone();
    parts.snapshot.send_replace(Arc::new(Snapshot { call, handled }));
    let registration = testing::register(&parts, ActorKind::Call);
    let args = CallArgs { parts: Arc::clone(&parts), registration };
    let (actor, ended) = Actor::spawn(None, CallActor, args).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    actor.stop(None);
    ended.await.unwrap();
    parts.lead.depth()
}

#[tokio::test(start_paused = true)]
async fn forgotten_outbox_drops_what_the_crashed_actor_had_not_delivered() {
    assert_eq!(lead_orders(1).await, 1);
    let _planted = plant(Mistake::ForgottenOutbox);
    assert_eq!(lead_orders(1).await, 0);
    assert_eq!(lead_orders(0).await, 1, "the first generation has no predecessor");
}
