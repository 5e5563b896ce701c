//! A call goes on when one of its four actors crashes at any moment (RES-2). An actor that crashes too
//! often ends its call, and no other call (RES-5).

use std::time::Duration;

use actors::introspection::ActorKind;
use frontdesk::world::World;
use futures_util::StreamExt;
use practice::openai::Transcription;
use practice::twilio::{CallOutcome, CallerHandle, Done, EndedBy, RestFault, RestKind};
use protocol::call::EndReason;
use protocol::response_gate::GateState;

use crate::support::{
    ended_record, find_actor, kill, nothing_left, number, pause, practice, virtually, within, world,
};

const SENTENCES: [&str; 4] = ["התקנת מנעול חכם", "בתל אביב", "כן", "תודה, להתראות"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Connecting,
    Greeting,
    CallerSpeaking,
    WaitingForTheAnswer,
    AgentSpeaking,
}

const MOMENTS: [Moment; 5] = [
    Moment::Connecting,
    Moment::Greeting,
    Moment::CallerSpeaking,
    Moment::WaitingForTheAnswer,
    Moment::AgentSpeaking,
];

const KINDS: [ActorKind; 4] =
    [ActorKind::Call, ActorKind::TwilioIo, ActorKind::Realtime, ActorKind::Lead];

/// The parts of a call that are compared with an undisturbed one.
#[derive(Debug, PartialEq, Eq)]
struct Story {
    /// The whole utterances that the caller heard, in order.
    heard: Vec<String>,
    /// The caller's turns in the database.
    turns: Vec<Option<String>>,
    ended_by: EndedBy,
    hang_ups: u32,
}

#[test]
fn res_2_invariant_5_the_caller_hears_the_same_call_whichever_actor_crashes_at_whichever_moment() {
    virtually(async {
        let undisturbed = story(None).await;
        assert_eq!(undisturbed.turns, SENTENCES.map(|said| Some(said.to_owned())));
        assert_eq!(undisturbed.heard.len(), 5, "{undisturbed:?}");
        let cases = KINDS.iter().flat_map(|kind| MOMENTS.map(|moment| (*kind, moment)));
        let undisturbed = &undisturbed;
        futures_util::stream::iter(cases)
            .for_each_concurrent(4, async |(kind, moment)| {
                let disturbed = story(Some((kind, moment))).await;
                assert_eq!(&disturbed, undisturbed, "{kind:?} died while {moment:?}");
            })
            .await;
    });
}

/// A whole call, in which one actor may crash at one moment.
async fn story(death: Option<(ActorKind, Moment)>) -> Story {
    let dies_at = |moment| death.is_some_and(|(_, at)| at == moment);
    let world = world(|plan| {
        let server = &mut plan.openai.behaviour;
        server.transcription = Transcription::After(Duration::from_millis(30));
        if dies_at(Moment::Connecting) {
            server.session_updated_after = Duration::from_millis(500);
        }
        if dies_at(Moment::WaitingForTheAnswer) {
            server.first_audio_after = Duration::from_millis(600);
        }
    })
    .await;
    let caller = world.dial(&number(7));
    if let Some((kind, Moment::Connecting)) = death {
        until_state(&world, ActorKind::Realtime, "configuring").await;
        kill(&world, kind).await;
    }
    let greeting = world.business.lines().greeting;
    if let Some((kind, Moment::Greeting)) = death {
        within("the greeting's first words", caller.hears_audio()).await.unwrap();
        responses_are_done(&world, 1).await;
        until_gate(&world, GateState::Idle).await;
        kill(&world, kind).await;
    }
    within("the greeting", caller.hears(&greeting)).await.unwrap();

    for (place, said) in SENTENCES.iter().enumerate() {
        let death = death.filter(|_| place == 1);
        if let Some((kind, Moment::CallerSpeaking)) = death {
            let speaking = caller.say(said);
            let dying = async {
                until_caller_speaks(&world).await;
                kill(&world, kind).await;
            };
            let (spoken, ()) =
                within("the sentence", async { tokio::join!(speaking, dying) }).await;
            spoken.unwrap();
        } else {
            within("the sentence", caller.say(said)).await.unwrap();
        }
        if let Some((kind, Moment::WaitingForTheAnswer)) = death {
            until_words_are_written(&world, &caller, place + 1).await;
            until_gate(&world, GateState::Active).await;
            kill(&world, kind).await;
        }
        if let Some((kind, Moment::AgentSpeaking)) = death {
            let done = practice(&world).log().record().done.values().sum::<u64>();
            within("the answer's first words", caller.hears_audio()).await.unwrap();
            responses_are_done(&world, done.max(1)).await;
            until_gate(&world, GateState::Idle).await;
            kill(&world, kind).await;
        }
        within("an answer", caller.hears_anything()).await.unwrap();
    }
    let outcome = within("the end", caller.ended()).await;
    nothing_left(&world).await;
    let story = tell(&world, &caller, &outcome).await;
    let record = practice(&world).log().record();
    assert_eq!(record.most_alive, 1, "at most one session");
    let sessions = if death.is_some_and(|(kind, _)| kind == ActorKind::Realtime) { 2 } else { 1 };
    assert_eq!(record.sessions, sessions, "{death:?}");
    assert_eq!(record.faults().collect::<Vec<_>>(), Vec::<&_>::new(), "{death:?}");
    assert_eq!(outcome.view.violations, Vec::new(), "{death:?}");
    world.close().await;
    story
}

async fn tell(world: &World, caller: &CallerHandle, outcome: &CallOutcome) -> Story {
    let (db, business) = (&world.app.services().database, world.business_id);
    let rows = entities::call_turns::of_call(db, business, caller.call_sid()).await.unwrap();
    Story {
        heard: outcome.view.heard.iter().map(|speech| speech.text.clone()).collect(),
        turns: (rows.iter())
            .filter(|row| row.role == entities::call_turns::TurnRole::Caller)
            .map(|row| row.text.clone())
            .collect(),
        ended_by: outcome.ended_by,
        hang_ups: outcome.view.hang_up_requests,
    }
}

/// Kills the call's RealtimeActor more often than it is restarted.
async fn crash_until_given_up(world: &World, caller: &CallerHandle) {
    for generation in 0..=2 {
        let victim = find_actor(world, |actor| {
            actor.kind == ActorKind::Realtime
                && actor.call_sid.as_ref() == Some(caller.call_sid())
                && actor.generation.0 == generation
        })
        .await;
        let kill = format!("introspect/actors/{}/kill", victim.id);
        assert_eq!(world.post(&kill).await.unwrap(), 202);
    }
}

fn apologies(outcome: &CallOutcome) -> usize {
    outcome.view.verbs.iter().filter(|run| matches!(run.what, Done::Said { .. })).count()
}

#[test]
fn res_5_the_apology_is_heard_once_although_twilio_refuses_or_does_not_answer_the_request() {
    virtually(async {
        for fault in [
            RestFault::Forbidden,
            RestFault::ServerError,
            RestFault::TooManyRequests,
            RestFault::AcceptedThenError,
            RestFault::AcceptedThenSilence,
        ] {
            let world = world(|plan| {
                plan.config.supervision.intensity = 2;
                plan.config.supervision.backoff = vec![Duration::ZERO];
            })
            .await;
            for kind in [RestKind::Redirect, RestKind::HangUp] {
                world.carrier.plan_fault(kind, fault, 1000);
            }
            let caller = world.dial(&number(1));
            within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
            crash_until_given_up(&world, &caller).await;
            let outcome = within("the apology", caller.ended()).await;
            assert_eq!(apologies(&outcome), 1, "{fault:?} {:?}", outcome.view.verbs);
            let row = ended_record(&world, &caller).await;
            assert_eq!(row.end_reason.as_deref(), Some(EndReason::Internal.as_str()), "{fault:?}");
            nothing_left(&world).await;
            world.close().await;
        }
    });
}

#[test]
fn res_5_more_crashes_than_the_intensity_allows_end_their_call_and_no_other() {
    virtually(async {
        let world = world(|plan| {
            plan.config.supervision.intensity = 2;
            plan.config.supervision.backoff = vec![Duration::ZERO];
        })
        .await;
        let (unlucky, lucky) = (world.dial(&number(1)), world.dial(&number(2)));
        let greeting = world.business.lines().greeting;
        within("the greeting", unlucky.hears(&greeting)).await.unwrap();
        within("the greeting", lucky.hears(&greeting)).await.unwrap();
        crash_until_given_up(&world, &unlucky).await;
        let outcome = within("the apology", unlucky.ended()).await;
        assert_eq!(apologies(&outcome), 1, "{:?}", outcome.view.verbs);
        within("the sentence", lucky.say(SENTENCES[0])).await.unwrap();
        within("an answer", lucky.hears_anything()).await.unwrap();
        lucky.hang_up();
        within("the end", lucky.ended()).await;
        nothing_left(&world).await;
        let row = ended_record(&world, &unlucky).await;
        assert_eq!(row.end_reason.as_deref(), Some(EndReason::Internal.as_str()));
        world.close().await;
    });
}

async fn until_state(world: &World, kind: ActorKind, state: &str) {
    find_actor(world, |actor| actor.kind == kind && actor.state == state).await;
}

async fn until_caller_speaks(world: &World) {
    let looking = async {
        while !world.calls().await.unwrap().iter().any(|status| status.call.caller_speaks) {
            pause().await;
        }
    };
    within("the caller's speech", looking).await;
}

async fn until_gate(world: &World, state: GateState) {
    let looking = async {
        while !world.calls().await.unwrap().iter().any(|status| status.realtime.gate == state) {
            pause().await;
        }
    };
    within("the gate", looking).await;
}

async fn until_words_are_written(world: &World, caller: &CallerHandle, turns: usize) {
    let (db, business) = (&world.app.services().database, world.business_id);
    let looking = async {
        loop {
            let rows =
                entities::call_turns::of_call(db, business, caller.call_sid()).await.unwrap();
            let known = rows.iter().filter(|row| {
                row.role == entities::call_turns::TurnRole::Caller && row.text.is_some()
            });
            if known.count() >= turns {
                return;
            }
            pause().await;
        }
    };
    within("the words of the turn", looking).await;
}

async fn responses_are_done(world: &World, at_least: u64) {
    let log = practice(world).log().clone();
    let done = async { log.wait_for(|record| record.done.values().sum::<u64>() >= at_least).await };
    within("the response's end", done).await;
}
