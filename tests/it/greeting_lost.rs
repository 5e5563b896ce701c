//! A greeting whose session is lost before any of it was played is heard whole, once (GREET-2).

use std::time::Duration;

use actors::introspection::ActorKind;
use frontdesk::world::{Plan, World};
use practice::openai::{LinkFault, ResponseFault};
use practice::twilio::{CallerHandle, Dial};
use tokio::time::sleep;

use crate::support::{
    brief, ended_record, kill, nothing_left, number, practice, virtually, within, world,
};

const GREETING: &str = "שלום, הגעתם למנעולי תל אביב. איך אפשר לעזור?";

fn with_a_long_greeting(plan: &mut Plan) {
    brief(plan);
    plan.business.greeting.text = Some(GREETING.to_owned());
}

/// The first session breaks off after half of the greeting.
fn breaks_off(plan: &mut Plan) {
    with_a_long_greeting(plan);
    let after = Some(Duration::from_millis(1_500));
    plan.openai.behaviour.responses_once =
        vec![ResponseFault::Lost { after, by: LinkFault::Dropped }];
}

/// A caller whose stream opens five seconds after the webhook.
fn dials_with_a_late_stream(world: &World) -> CallerHandle {
    let mut dial = Dial::new(number(1).as_str(), world.business.phone_numbers[0].as_str());
    dial.line.start_delay = Duration::from_secs(5);
    world.carrier.dial(&dial)
}

/// The greeting was heard whole, and never before in part. The call goes on.
async fn greets_once(world: World, caller: CallerHandle) {
    within("the greeting", caller.hears(GREETING)).await.unwrap();
    within("a sentence", caller.say("בתל אביב")).await.unwrap();
    within("its answer", caller.hears("בתל אביב")).await.unwrap();
    caller.hang_up();
    let view = within("the end", caller.ended()).await.view;
    assert_eq!(view.violations, []);
    let heard: Vec<_> = view.heard.iter().map(|heard| (&*heard.text, heard.flaw)).collect();
    assert_eq!(heard, [(GREETING, None), ("בתל אביב", None)]);
    ended_record(&world, &caller).await;
    let db = &world.app.services().database;
    let turns = entities::call_turns::of_call(db, world.business_id, caller.call_sid());
    let texts: Vec<_> = turns.await.unwrap().into_iter().filter_map(|turn| turn.text).collect();
    assert_eq!(texts.iter().filter(|text| GREETING.starts_with(text.as_str())).count(), 1);
    nothing_left(&world).await;
    let record = practice(&world).log().record();
    assert_eq!(record.sessions, 2, "the first was lost");
    assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
    world.close().await;
}

/// Waits until the model has made some of the greeting, and not all.
async fn half_came(world: &World) {
    let begins = async {
        loop {
            let calls = world.calls().await.unwrap();
            if let Some(call) = calls.iter().find(|call| call.frames.agent_waiting_ms > 500) {
                return call.frames.agent_waiting_ms;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(within("half of the greeting", begins).await < 1_500, "not all of it");
}

#[test]
fn greet_2_half_a_greeting_that_waits_for_a_late_stream_is_not_heard_twice() {
    virtually(async {
        let world = world(breaks_off).await;
        let caller = dials_with_a_late_stream(&world);
        let lost = practice(&world).log().wait_for(|record| record.sessions == 2);
        within("the second session", lost).await;
        assert_eq!(caller.view().borrow().samples_heard, 0);
        greets_once(world, caller).await;
    });
}

#[test]
fn greet_2_half_a_greeting_that_is_held_between_two_streams_is_not_heard_twice() {
    virtually(async {
        let world = world(|plan| {
            breaks_off(plan);
            plan.openai.behaviour.first_audio_after = Duration::from_secs(2);
        })
        .await;
        let caller = world.dial(&number(1));
        within("the stream", caller.stream_opened()).await.unwrap();
        world.carrier.set_cut_off(true);
        caller.cut_socket().unwrap();
        let lost = practice(&world).log().wait_for(|record| record.sessions == 2);
        within("the second session", lost).await;
        assert_eq!(caller.view().borrow().samples_heard, 0);
        world.carrier.set_cut_off(false);
        greets_once(world, caller).await;
    });
}

#[test]
fn greet_2_half_a_greeting_of_a_realtime_actor_that_crashed_is_not_heard_twice() {
    virtually(async {
        let world = world(|plan| {
            with_a_long_greeting(plan);
            plan.openai.behaviour.speed = 1.0;
        })
        .await;
        let caller = dials_with_a_late_stream(&world);
        half_came(&world).await;
        kill(&world, ActorKind::Realtime).await;
        assert_eq!(caller.view().borrow().samples_heard, 0);
        greets_once(world, caller).await;
    });
}
