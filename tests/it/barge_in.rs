//! The caller interrupts the agent (BARGE-1 to BARGE-6): what Twilio played, what OpenAI was told, and
//! what the transcript keeps.

use std::time::Duration;

use actors::call_supervisor::CallStatusView;
use actors::introspection::ActorKind;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use entities::call_turns::{TurnRole, TurnRow};
use frontdesk::world::{Plan, World};
use practice::openai::Record;
use practice::twilio::CallerHandle;
use protocol::business::BargeInPreset;
use protocol::response_gate::GateState;
use serde_json::Value;

use crate::support::{brief, number, pause, practice, virtually, within, world};

/// A sentence that the agent repeats, long enough to interrupt.
const LONG: &str = "אני צריך התקנת מנעול חכם לדלת הכניסה בתל אביב ביום ראשון בבוקר";
const QUESTION: &str = "רגע, כמה זה עולה";

/// A world in which the agent repeats what it hears, and the traffic of both sides is recorded.
async fn stage(change: impl FnOnce(&mut Plan)) -> World {
    world(|plan| {
        brief(plan);
        plan.keeps_audio = true;
        // The practice line runs faster than real time in tests that need not be exact.
        plan.line_speed = 2.0;
        change(plan);
    })
    .await
}

/// The caller hears the greeting and says something; the agent begins to repeat it.
async fn agent_speaks(world: &World, from: u32) -> CallerHandle {
    let caller = world.dial(&number(from));
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    within("the sentence", caller.say(LONG)).await.unwrap();
    within("the answer's first words", caller.hears_audio()).await.unwrap();
    caller
}

/// The caller interrupts with a question, and is answered.
async fn talks_over(caller: &CallerHandle) {
    within("the question", caller.say(QUESTION)).await.unwrap();
    within("its answer", caller.hears(QUESTION)).await.unwrap();
}

/// The number of `clear` messages to Twilio.
fn clears(caller: &CallerHandle) -> usize {
    caller.view().borrow().streams.iter().map(|stream| stream.cleared_at.len()).sum()
}

/// The positions of this kind's events among all client events.
fn places(record: &Record, kind: &str) -> Vec<usize> {
    let events = record.events.iter().enumerate();
    events.filter(|(_, event)| event.kind == kind).map(|(place, _)| place).collect()
}

const CANCEL: &str = "response.cancel";
const CREATE: &str = "response.create";
const DELETE: &str = "conversation.item.delete";
const TRUNCATE: &str = "conversation.item.truncate";

/// The item and milliseconds of the only truncate.
fn truncated(record: &Record) -> (String, u64) {
    let bodies: Vec<&Value> = record.of_kind(TRUNCATE).map(|event| &event.body).collect();
    let [body] = bodies.as_slice() else { panic!("not one truncate: {bodies:?}") };
    assert_eq!(body["content_index"], 0);
    (body["item_id"].as_str().unwrap().to_owned(), body["audio_end_ms"].as_u64().unwrap())
}

/// All audio of an item that the server sent, late deltas too.
fn audio_of(record: &Record, item: &str) -> Vec<u8> {
    let deltas = record.deltas.iter().filter(|delta| delta.item_id == item);
    deltas.flat_map(|delta| BASE64_STANDARD.decode(&delta.audio).unwrap()).collect()
}

/// All audio that Twilio received.
fn came_to_twilio(caller: &CallerHandle) -> Vec<u8> {
    let view = caller.view();
    let view = view.borrow();
    view.streams.iter().flat_map(|stream| stream.audio.iter().flatten().copied()).collect()
}

/// The speech items with this text, in the order of their start.
fn said(record: &Record, words: &str) -> Vec<String> {
    let said = record.said.iter().filter(|turn| turn.text == words);
    said.map(|turn| turn.item_id.clone()).collect()
}

async fn turns(world: &World, caller: &CallerHandle) -> Vec<TurnRow> {
    let db = &world.app.services().database;
    entities::call_turns::of_call(db, world.business_id, caller.call_sid()).await.unwrap()
}

/// Ends the call and returns its recorded turns. Asserts that neither side saw a violation.
async fn ends(world: World, caller: &CallerHandle) -> Vec<TurnRow> {
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.violations, Vec::new());
    crate::support::nothing_left(&world).await;
    let record = practice(&world).log().record();
    assert_eq!(record.faults().collect::<Vec<_>>(), Vec::<&_>::new());
    let written = async {
        loop {
            let turns = turns(&world, caller).await;
            if turns.iter().any(|turn| turn.text.as_deref() == Some(QUESTION)) {
                return turns;
            }
            pause().await;
        }
    };
    let turns = within("the record", written).await;
    world.close().await;
    turns
}

async fn until_call(world: &World, what: &str, looks: impl Fn(&CallStatusView) -> bool) {
    let asking = async {
        while !world.calls().await.unwrap().iter().any(&looks) {
            pause().await;
        }
    };
    within(what, asking).await;
}

/// Asserts that the transcript keeps some whole words of an interrupted answer, but not all.
fn is_cut_to(turn: &TurnRow, heard_ms: u64) {
    let text = turn.text.as_deref().unwrap();
    assert!(LONG.starts_with(text) && text.len() < LONG.len(), "{text:?}");
    assert!(text.is_empty() || LONG[text.len()..].starts_with(' '), "in whole words: {text:?}");
    assert!(turn.cut);
    assert_eq!(turn.heard_ms.map(u64::from), Some(heard_ms));
}

#[test]
fn barge_3_trap_openai_5_a_caller_who_interrupts_is_heard_and_the_rest_is_never_played() {
    virtually(async {
        // The answer is still being produced when it is interrupted.
        let world = stage(|plan| {
            plan.openai.behaviour.speed = 1.3;
            plan.line_speed = 1.0;
        })
        .await;
        let caller = agent_speaks(&world, 1).await;
        let before = caller.view().borrow().samples_heard;
        let log = practice(&world).log();
        let cut = async {
            caller.until(|view| !view.streams[0].cleared_at.is_empty()).await.unwrap();
            let played = caller.view().borrow().samples_heard;
            log.wait_for(|record| record.count(TRUNCATE) == 1).await;
            played
        };
        let (played, ()) =
            within("the cut", async { tokio::join!(cut, talks_over(&caller)) }).await;

        let record = log.record();
        assert_eq!(clears(&caller), 1);
        let (cancels, truncates) = (places(&record, CANCEL), places(&record, TRUNCATE));
        assert_eq!((cancels.len(), truncates.len(), record.count(DELETE)), (1, 1, 0));
        assert!(cancels[0] < truncates[0], "cancel first");
        let creates = places(&record, CREATE);
        assert_eq!(creates.len(), 3, "the greeting, the answer and the one after it");
        assert!(truncates[0] < creates[2]);

        // The time played of that item counts.
        let (item, heard_ms) = truncated(&record);
        assert_eq!(said(&record, LONG), std::slice::from_ref(&item));
        let greeting = audio_of(&record, &said(&record, &world.business.lines().greeting)[0]);
        assert!(before >= greeting.len() as u64);
        let played_ms = (played - greeting.len() as u64) / 8;
        assert!(heard_ms > 0 && heard_ms <= played_ms + 1, "{heard_ms} of {played_ms}");

        // Late deltas never reach Twilio.
        let (all, answer) =
            (audio_of(&record, &item), audio_of(&record, &said(&record, QUESTION)[0]));
        let came = came_to_twilio(&caller);
        let middle = came.strip_prefix(greeting.as_slice()).unwrap();
        let middle = middle.strip_suffix(answer.as_slice()).unwrap();
        assert!(all.starts_with(middle) && middle.len() < all.len(), "nothing after the cut");

        let turns = ends(world, &caller).await;
        let agent: Vec<_> = turns.iter().filter(|turn| turn.role == TurnRole::Agent).collect();
        is_cut_to(agent[1], heard_ms);
        assert_eq!(agent[2].text.as_deref(), Some(QUESTION));
        assert!(!agent[0].cut && !agent[2].cut);
    });
}

#[test]
fn barge_3_trap_openai_6_trap_openai_10_an_interruption_after_the_response_truncates_the_item_that_plays()
 {
    virtually(async {
        let preamble = "שנייה אחת בבקשה";
        let world = stage(|plan| {
            plan.openai.behaviour.speed = 20.0;
            plan.line_speed = 1.0;
        })
        .await;
        let caller = world.dial(&number(2));
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        practice(&world)
            .faults()
            .behave(|behaviour| behaviour.preamble = Some(preamble.to_owned()));
        within("the sentence", caller.say(LONG)).await.unwrap();
        within("the preamble", caller.hears(preamble)).await.unwrap();
        until_call(&world, "an idle gate", |call| call.realtime.gate == GateState::Idle).await;
        practice(&world).faults().behave(|behaviour| behaviour.preamble = None);
        talks_over(&caller).await;

        let record = practice(&world).log().record();
        assert_eq!((clears(&caller), record.count(CANCEL), record.count(DELETE)), (1, 0, 0));
        let (item, heard_ms) = truncated(&record);
        assert_eq!(said(&record, LONG), [item], "the second item, not the first");
        let turns = ends(world, &caller).await;
        let agent: Vec<_> = turns.iter().filter(|turn| turn.role == TurnRole::Agent).collect();
        assert_eq!((agent[1].text.as_deref(), agent[1].cut), (Some(preamble), false));
        is_cut_to(agent[2], heard_ms);
    });
}

#[test]
fn barge_3_trap_openai_9_an_item_that_was_not_played_is_deleted_and_not_truncated() {
    virtually(async {
        // The first item is interrupted, the second waits behind it.
        let world = stage(|plan| {
            plan.openai.behaviour.speed = 20.0;
            plan.line_speed = 1.0;
        })
        .await;
        let caller = world.dial(&number(3));
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        practice(&world).faults().behave(|behaviour| behaviour.preamble = Some(LONG.to_owned()));
        within("a turn", caller.say("בתל אביב")).await.unwrap();
        within("the first item", caller.hears_audio()).await.unwrap();
        until_call(&world, "an idle gate", |call| call.realtime.gate == GateState::Idle).await;
        practice(&world).faults().behave(|behaviour| behaviour.preamble = None);
        talks_over(&caller).await;

        let record = practice(&world).log().record();
        assert_eq!((clears(&caller), record.count(CANCEL), record.count(DELETE)), (1, 0, 1));
        let (item, heard_ms) = truncated(&record);
        assert_eq!(said(&record, LONG), [item]);
        let deleted = record.of_kind(DELETE).next().unwrap().body["item_id"].clone();
        assert_eq!(said(&record, "בתל אביב"), [deleted.as_str().unwrap()]);
        let turns = ends(world, &caller).await;
        let agent: Vec<_> = turns.iter().filter(|turn| turn.role == TurnRole::Agent).collect();
        is_cut_to(agent[1], heard_ms);
        assert_eq!((agent[2].text.as_deref(), agent[2].heard_ms), (Some(""), Some(0)));
    });
}

#[test]
fn barge_2_trap_twilio_6_clicks_never_interrupt_the_agent() {
    virtually(async {
        let world = stage(|_| {}).await;
        let caller = agent_speaks(&world, 4).await;
        let clicking = async {
            for _ in 0..8 {
                caller.noise(3_000, Duration::from_millis(40)).await.unwrap();
                caller.send_frames(vec![[0xFF; 160]; 5]).await.unwrap();
            }
        };
        within("the clicks", clicking).await;
        within("the whole answer", caller.hears(LONG)).await.unwrap();
        assert_eq!(clears(&caller), 0);
        within("what the agent makes of them", caller.hears("מה?")).await.unwrap();
        talks_over(&caller).await;
        let record = practice(&world).log().record();
        assert_eq!((record.count(CANCEL), record.count(TRUNCATE)), (0, 0));
        ends(world, &caller).await;
    });
}

#[test]
fn greet_4_trap_openai_15_nothing_interrupts_a_protected_greeting_and_a_question_is_answered_later()
{
    virtually(async {
        let world = stage(|plan| {
            plan.business.greeting.text = Some(LONG.to_owned());
            plan.business.barge_in.preset = BargeInPreset::Instant;
        })
        .await;
        let caller = world.dial(&number(5));
        within("the greeting's first words", caller.hears_audio()).await.unwrap();
        within("the question", caller.say(QUESTION)).await.unwrap();
        within("the whole greeting", caller.hears(LONG)).await.unwrap();
        within("the answer", caller.hears(QUESTION)).await.unwrap();
        let record = practice(&world).log().record();
        assert_eq!((clears(&caller), record.count(CANCEL), record.count(TRUNCATE)), (0, 0, 0));
        ends(world, &caller).await;
    });
}

#[test]
fn greet_4_an_unprotected_greeting_is_interrupted_and_not_repeated() {
    virtually(async {
        let world = stage(|plan| {
            plan.business.greeting.text = Some(LONG.to_owned());
            plan.business.greeting.protected = false;
        })
        .await;
        let caller = world.dial(&number(6));
        within("the greeting's first words", caller.hears_audio()).await.unwrap();
        talks_over(&caller).await;
        let record = practice(&world).log().record();
        assert_eq!((clears(&caller), record.count(CREATE)), (1, 2), "one greeting, one answer");
        let (_, heard_ms) = truncated(&record);
        let turns = ends(world, &caller).await;
        is_cut_to(&turns[0], heard_ms);
    });
}

#[test]
fn barge_1_instant_interrupts_the_agent_and_off_never_does() {
    virtually(async {
        for (preset, cuts) in [(BargeInPreset::Instant, 1), (BargeInPreset::Off, 0)] {
            let world = stage(|plan| plan.business.barge_in.preset = preset).await;
            let caller = agent_speaks(&world, 7).await;
            within("the question", caller.say(QUESTION)).await.unwrap();
            if cuts == 0 {
                within("the whole answer", caller.hears(LONG)).await.unwrap();
            }
            within("the answer to it", caller.hears(QUESTION)).await.unwrap();
            assert_eq!(clears(&caller), cuts, "{preset:?}");
            until_call(&world, "the count", |call| call.call.latencies.barge_ins as usize == cuts)
                .await;
            ends(world, &caller).await;
        }
    });
}

#[test]
fn barge_3_clear_is_sent_after_the_deciding_frame_and_not_earlier() {
    virtually(async {
        let world = stage(|plan| plan.business.barge_in.preset = BargeInPreset::Instant).await;
        let caller = agent_speaks(&world, 10).await;
        let one_frame_each = async {
            for _ in 0..10 {
                caller.noise(3_000, Duration::from_millis(20)).await.unwrap();
                caller.send_frames(vec![[0xFF; 160]; 4]).await.unwrap();
            }
            caller.view().borrow().streams[0].frames_sent
        };
        let before = within("the clicks", one_frame_each).await;
        let deciding = async {
            caller.noise(3_000, Duration::from_millis(40)).await.unwrap();
            caller.until(|view| !view.streams[0].cleared_at.is_empty()).await.unwrap();
            caller.view().borrow().streams[0].frames_sent
        };
        let after = within("the clear", deciding).await;
        assert!(clears(&caller) == 1 && after >= before + 2, "{after} frames, {before} before it");
        talks_over(&caller).await;
        ends(world, &caller).await;
    });
}

#[test]
fn barge_5_noise_only_pauses_the_agent_if_false_interruptions_resume() {
    virtually(async {
        let world = stage(|plan| {
            plan.business.barge_in.resume_false_interruption = true;
            plan.business.barge_in.rms_threshold = Some(150);
            plan.business.barge_in.guard = Some(Duration::ZERO);
        })
        .await;
        let caller = agent_speaks(&world, 8).await;
        // Loud enough for the daemon, not for OpenAI.
        within("the noise", caller.noise(250, Duration::from_millis(700))).await.unwrap();
        within("the pause", caller.until(|view| view.streams[0].cleared_at.len() == 1))
            .await
            .unwrap();
        let log = practice(&world).log();
        within("silence", caller.quiet()).await.unwrap();
        within("the rest", caller.hears_audio()).await.unwrap();
        assert_eq!(log.look(|record| (record.count(CANCEL), record.count(TRUNCATE))), (0, 0));
        // Speech interrupts.
        talks_over(&caller).await;
        let record = log.record();
        let (item, _) = truncated(&record);
        assert_eq!((said(&record, LONG), clears(&caller)), (vec![item], 2));
        ends(world, &caller).await;
    });
}

#[test]
fn res_2_a_crash_during_an_interruption_cuts_nothing_twice_and_the_rest_is_never_heard() {
    virtually(async {
        for kind in [ActorKind::Call, ActorKind::TwilioIo, ActorKind::Realtime] {
            let world = stage(|plan| plan.openai.behaviour.speed = 3.0).await;
            let caller = agent_speaks(&world, 9).await;
            let dying = async {
                caller.until(|view| !view.streams[0].cleared_at.is_empty()).await.unwrap();
                let actors = world.actors().await.unwrap();
                let victim = actors.iter().find(|actor| actor.kind == kind).unwrap();
                let killed = world.post(&format!("introspect/actors/{}/kill", victim.id)).await;
                assert_eq!(killed.unwrap(), 202);
            };
            within("the death", async { tokio::join!(dying, talks_over(&caller)) }).await;
            let record = practice(&world).log().record();
            assert_eq!(clears(&caller), 1, "{kind:?}");
            assert!(record.count(CANCEL) <= 1 && record.count(TRUNCATE) <= 1, "{kind:?}");
            let heard = caller.view().borrow().heard.clone();
            assert!(heard.iter().all(|speech| speech.text != LONG), "{kind:?}: {heard:?}");
            let turns = ends(world, &caller).await;
            let agent: Vec<_> = turns.iter().filter(|turn| turn.role == TurnRole::Agent).collect();
            assert_eq!(agent.len(), 3, "{kind:?}: {agent:?}");
            is_cut_to(agent[1], agent[1].heard_ms.unwrap().into());
        }
    });
}
