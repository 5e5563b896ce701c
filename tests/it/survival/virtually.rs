//! The same in virtual time: the daemon is dropped at each moment, and another one on the same database goes on.

use std::time::Duration;

use entities::{DatabaseFault, FaultExtent, call_turns, calls};
use frontdesk::world::{Plan, World};
use practice::twilio::{Callee, EndedBy, Pickup};

use super::daemon::{has_written, open_always};
use super::{BACK, CLOSING, Dies, GREETING, Left, PERSON, brain_at, business, hears, hears_some};
use crate::support::{
    nothing_left, number, platform, practice, recorded, virtually, within, world,
};

const MOMENTS: [Dies; 7] = [
    Dies::InTheGreeting,
    Dies::WhileTheCallerSpeaks,
    Dies::InAnAnswer,
    Dies::WhileAToolRuns,
    Dies::InTheClosingLine,
    Dies::InTheHangUpDelay,
    Dies::InATransfer,
];

/// A business that takes appointments at any time, and a model that knows what these calls are about.
pub(crate) fn plan(plan: &mut Plan) {
    open_always(&mut plan.business);
    business(&mut plan.business);
    plan.openai.brain = brain_at(platform().clock.wall());
}

async fn opened() -> World {
    let world = world(plan).await;
    let then = Pickup::Person { talks: Duration::from_secs(20) };
    world.carrier.set_callee(PERSON, Callee { then, ..Callee::default() });
    world
}

#[test]
fn res_4_invariant_17_a_call_goes_on_wherever_its_daemon_dies() {
    for dies in MOMENTS {
        virtually(async {
            let mut world = opened().await;
            let caller = world.dial(&number(1));
            let call = caller.call_sid().clone();
            let speaking = dies.leads_to(&caller).await;
            for word in dies.is_known() {
                within(word, has_written(&world.app.services().database, &call, word)).await;
            }
            world.kill();
            world.start_again().await.unwrap();
            let outcome = dies.goes_on(&caller, speaking).await;
            let record = recorded(&world, &call, |record| record.duration.is_some()).await;
            let (database, log) = (&world.app.services().database, practice(&world).log());
            let left = Left { database, business: world.business_id, log };
            dies.has_left(&outcome, &record, left).await;
            nothing_left(&world).await;
            world.close().await;
        });
    }
}

/// The database takes no write from now on.
fn takes_nothing(world: &World) {
    let faults = world.app.services().database.faults().unwrap();
    faults.set(DatabaseFault::Full, FaultExtent::Lasting);
}

#[test]
fn greet_2_a_greeting_that_is_cut_before_it_is_stored_is_not_begun_again() {
    virtually(async {
        let mut world = opened().await;
        let caller = world.dial(&number(1));
        let call = caller.call_sid().clone();
        recorded(&world, &call, |_| true).await;
        takes_nothing(&world);
        hears_some(&caller, Duration::from_millis(600)).await;
        world.kill();
        world.start_again().await.unwrap();
        hears(&caller, BACK).await;
        within("the goodbye", caller.say("ביי")).await.unwrap();
        within("the closing line", caller.hears(CLOSING)).await.unwrap();
        let view = within("the end", caller.ended()).await.view;
        let heard: Vec<_> = view.heard.iter().map(|speech| (&*speech.text, speech.flaw)).collect();
        let [(cut, Some(_)), (BACK, None), (CLOSING, None)] = heard[..] else {
            panic!("{heard:?}")
        };
        assert!(GREETING.starts_with(cut) && cut.len() < GREETING.len() / 2, "{cut}");
        let record = recorded(&world, &call, |record| record.duration.is_some()).await;
        assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
        let turns = call_turns::of_call(&world.app.services().database, world.business_id, &call);
        let texts: Vec<_> = turns.await.unwrap().into_iter().filter_map(|turn| turn.text).collect();
        assert!(texts.iter().all(|text| !GREETING.starts_with(text.as_str())), "{texts:?}");
        nothing_left(&world).await;
        world.close().await;
    });
}

/// The next process knows nothing of the call.
#[test]
fn call_1_a_call_of_which_nothing_was_stored_at_all_is_hung_up() {
    virtually(async {
        let mut world = opened().await;
        takes_nothing(&world);
        let caller = world.dial(&number(1));
        within("the first audio", caller.hears_audio()).await.unwrap();
        world.kill();
        world.start_again().await.unwrap();
        let outcome = within("the end", caller.ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::HangupVerb, "{:?}", outcome.view.verbs);
        let db = &world.app.services().database;
        let record = calls::get(db, world.business_id, caller.call_sid()).await.unwrap();
        assert_eq!(record, None);
        nothing_left(&world).await;
        world.close().await;
    });
}
