//! One timer for all callers.

use std::rc::Rc;
use std::time::Duration;

use super::scene::Scene;

/// Lets each caller send a frame every 20 ms, until the calls end.
pub(super) async fn pace(scene: Rc<Scene>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut done = scene.now() / 1000;
    while !scene.is_ending.get() {
        ticks.tick().await;
        let now = scene.now() / 1000;
        // After a delay nothing is left out: callers catch up.
        while done < now {
            done += 1;
            scene.callers.tick(done);
        }
    }
}
