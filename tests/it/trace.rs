//! A crash at a trace point of a whole call.

use std::sync::{Arc, Mutex};

use frontdesk::simulate::trace::{Trace, Verdict};

use crate::support::{nothing_left, number, within, world};

/// On one thread: the trace listens on it alone.
#[tokio::test]
async fn res_2_a_crash_at_a_trace_point_restarts_that_actor_alone_and_the_call_goes_on() {
    let trace = Trace::new(|| 0, None);
    let restarts = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&restarts);
    trace.set_hook(move |point| {
        let (actor, generation) = (point.actor.to_owned(), point.generation);
        if point.message == "starts" && generation > 0 {
            noted.lock().unwrap().push((actor.clone(), generation));
        }
        // The effects are published, and the event is still in the inbox.
        let is_moment = point.message.starts_with("published 3");
        if is_moment && actor == "call" && generation == 0 {
            return Verdict::Panic;
        }
        Verdict::GoOn
    });
    let listening = trace.listen();
    let world = world(|plan| plan.line_speed = 3.0).await;
    let caller = world.dial(&number(71));
    let greeting = world.business.lines().greeting;
    within("the greeting", caller.hears(&greeting)).await.unwrap();
    let lines = trace.last_of(caller.call_sid().as_str());
    caller.hang_up();
    within("the call's end", caller.ended()).await;
    nothing_left(&world).await;
    world.close().await;
    drop(listening);

    assert_eq!(*restarts.lock().unwrap(), [("call".to_owned(), 1)]);
    assert!(lines.iter().any(|line| line.contains("sends mark")), "{lines:#?}");
}
