//! One timer for all callers: each has its millisecond among 20.

use std::rc::Rc;
use std::time::Duration;

use super::scene::Scene;

/// From frame to frame, in milliseconds.
const FRAME_MS: u64 = 20;

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
            let callers = scene.callers.borrow();
            let first = (done % FRAME_MS) as usize;
            callers.iter().skip(first).step_by(FRAME_MS as usize).for_each(|caller| caller());
        }
    }
}
