//! Transcripts of turns: they change only the record (PIPE-6).

use std::time::Duration;

use entities::call_turns::TurnRole;
use frontdesk::world::World;
use practice::openai::Transcription;
use protocol::ids::CallSid;

use crate::support::{brief, nothing_left, number, pause, practice, virtually, within, world};

const FIRST: &str = "התקנת מנעול חכם";
const SECOND: &str = "בתל אביב";

/// The transcripts of the caller's turns.
async fn words(world: &World, call: &CallSid) -> Vec<Option<String>> {
    let database = &world.app.services().database;
    let turns = entities::call_turns::of_call(database, world.business_id, call).await.unwrap();
    let callers = turns.into_iter().filter(|turn| turn.role == TurnRole::Caller);
    callers.map(|turn| turn.text).collect()
}

#[test]
fn end_1_a_turn_whose_words_had_not_come_stays_in_the_record_without_words() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.openai.behaviour.transcription = Transcription::After(Duration::from_secs(20));
        })
        .await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
        within("the sentence", caller.say(FIRST)).await.unwrap();
        within("its answer", caller.hears(FIRST)).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        assert_eq!(words(&world, caller.call_sid()).await, [None]);
        world.close().await;
    });
}

#[test]
fn pipe_6_a_late_reordered_failed_or_missing_transcript_changes_only_the_record() {
    virtually(async {
        let (first, second) = (Some(FIRST.to_owned()), Some(SECOND.to_owned()));
        for (transcription, kept) in [
            (Transcription::After(Duration::from_secs(2)), [&first, &second]),
            (Transcription::AfterResponse, [&first, &second]),
            (Transcription::OutOfOrder, [&first, &second]),
            (Transcription::Failed, [&None, &None]),
            (Transcription::Never, [&None, &None]),
        ] {
            let world = world(|plan| {
                brief(plan);
                plan.openai.behaviour.transcription = transcription;
            })
            .await;
            let caller = world.dial(&number(1));
            within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
            for sentence in [FIRST, SECOND] {
                within("the sentence", caller.say(sentence)).await.unwrap();
                within("its answer", caller.hears(sentence)).await.unwrap();
            }
            let written = async {
                while words(&world, caller.call_sid()).await != kept.map(Clone::clone) {
                    pause().await;
                }
            };
            within("the record", written).await;
            caller.hang_up();
            let outcome = within("the end", caller.ended()).await;
            assert_eq!(outcome.view.heard.len(), 3, "{transcription:?}: no turn is answered twice");
            nothing_left(&world).await;
            assert_eq!(words(&world, caller.call_sid()).await, kept.map(Clone::clone));
            let record = practice(&world).log().record();
            assert_eq!(record.count("response.create"), 3, "{transcription:?}");
            assert_eq!(record.violations, [], "{transcription:?}");
            world.close().await;
        }
    });
}
