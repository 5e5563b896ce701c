//! A crash at a trace point of a whole call.

use std::sync::{Arc, Mutex};

use entities::call_turns::TurnRole;
use frontdesk::simulate::trace::{Trace, TracePoint, Verdict};

use crate::support::{nothing_left, number, virtually, within, world};

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

/// The event whose handling is to be the actor's last: it crashes when all is done but the event is still
/// in its inbox, so its successor gets it again.
fn crash_after(actor: &'static str, event: &'static str) -> impl FnMut(&TracePoint<'_>) -> Verdict {
    let mut taken = None;
    move |point| {
        if point.actor != actor || point.generation > 0 {
            return Verdict::GoOn;
        }
        let number = point.message.strip_prefix("takes ").and_then(|taken| taken.split(',').next());
        if let Some(number) = number
            && point.message.contains(event)
            && taken.is_none()
        {
            taken = Some(format!("done {number}"));
        }
        let is_done = taken.as_deref() == Some(point.message);
        if is_done { Verdict::Panic } else { Verdict::GoOn }
    }
}

/// Who said what in a call in which this actor crashes after this event.
async fn said_with_a_crash(actor: &'static str, event: &'static str) -> Vec<(TurnRole, String)> {
    let trace = Trace::new(|| 0, None);
    let crashed = Arc::new(Mutex::new(false));
    let (noted, mut hook) = (Arc::clone(&crashed), crash_after(actor, event));
    trace.set_hook(move |point| {
        let verdict = hook(point);
        *noted.lock().unwrap() |= matches!(verdict, Verdict::Panic);
        verdict
    });
    let listening = trace.listen();
    let world = world(|_| {}).await;
    let caller = world.dial(&number(72));
    within("the greeting, or half of it", caller.hears_anything()).await.unwrap();
    caller.press("5#").await.unwrap();
    within("an answer", caller.hears_anything()).await.unwrap();
    caller.hang_up();
    within("the call's end", caller.ended()).await;
    nothing_left(&world).await;
    let database = &world.app.services().database;
    let turns = entities::call_turns::of_call(database, world.business_id, caller.call_sid());
    let turns = turns.await.unwrap();
    world.close().await;
    drop(listening);
    assert!(*crashed.lock().unwrap(), "{actor} did not crash");
    turns.into_iter().map(|turn| (turn.role, turn.text.unwrap_or_default())).collect()
}

#[test]
fn res_2_what_an_event_did_is_not_done_again_when_a_successor_gets_it_again() {
    virtually(async {
        let said = said_with_a_crash("twilio_io", "Digit").await;
        let keys = said.iter().find(|(role, _)| *role == TurnRole::Caller).unwrap();
        assert!(!keys.1.contains("55"), "{said:?}");
        let said = said_with_a_crash("realtime", "AudioTranscriptDelta").await;
        for (_, text) in &said {
            let next = text.split(' ').skip(1);
            assert!(text.split(' ').zip(next).all(|(word, next)| word != next), "{said:?}");
        }
    });
}
