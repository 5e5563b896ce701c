//! OpenAI goes away in the middle of a call, and the call goes on (RES-3).

use std::time::Duration;

use frontdesk::world::World;
use practice::openai::{ConnectRefusal, LinkFault, Record, ResponseFault, Transcription};
use practice::twilio::{CallerHandle, Done, EndedBy};
use serde_json::Value;

use crate::support::{
    brief, ended_record, nothing_left, number, practice, virtually, within, world,
};

/// A call in which one sentence was said and answered.
async fn call_with_one_answer(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    caller
}

/// Waits until this many sessions were opened and the last one has the history.
async fn session_with_history(world: &World, number: u64) {
    let told = |record: &Record| history_of(record, number).len() >= 3;
    within("the new session", practice(world).log().wait_for(told)).await;
}

/// The roles and texts of the items that a session received.
fn history_of(record: &Record, session: u64) -> Vec<(String, String)> {
    let items = record.of_kind("conversation.item.create").filter(|e| e.session == session);
    items
        .map(|event| {
            let item = &event.body["item"];
            let part = &item["content"][0];
            let text = part["text"].as_str().or(part["transcript"].as_str());
            let role = item["role"].as_str().unwrap_or_default();
            (role.to_owned(), text.unwrap_or_default().to_owned())
        })
        .collect()
}

/// The settings that each session received.
fn settings_of(record: &Record) -> Vec<&Value> {
    record.of_kind("session.update").map(|event| &event.body["session"]).collect()
}

/// Says one more sentence, hangs up, and checks the whole call.
async fn goes_on(world: World, caller: CallerHandle, sessions: u64) {
    within("the next sentence", caller.say("כן")).await.unwrap();
    within("its answer", caller.hears("כן")).await.unwrap();
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.violations, []);
    assert_eq!(outcome.view.streams.len(), 1, "Twilio noticed nothing");
    nothing_left(&world).await;
    let record = practice(&world).log().record();
    assert_eq!(record.sessions, sessions);
    assert_eq!(record.said_texts(), ["שלום", "בתל אביב", "כן"], "one greeting, one answer each");
    assert_eq!(record.heard_texts(), ["בתל אביב", "כן"]);
    let words = [("assistant", "שלום"), ("user", "בתל אביב"), ("assistant", "בתל אביב")];
    let words = words.map(|(role, text)| (role.to_owned(), text.to_owned()));
    assert_eq!(history_of(&record, sessions), words);
    let settings = settings_of(&record);
    assert_eq!(settings.len() as u64, sessions);
    assert!(settings.iter().all(|given| *given == settings[0]), "settings change in a call");
    assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
    world.close().await;
}

#[test]
fn res_3_a_dropped_session_is_replaced_by_one_with_the_history() {
    virtually(async {
        let world = world(brief).await;
        let caller = call_with_one_answer(&world).await;
        practice(&world).faults().drop_now();
        session_with_history(&world, 2).await;
        goes_on(world, caller, 2).await;
    });
}

#[test]
fn barge_6_res_2_words_of_an_answer_that_broke_off_are_kept_as_far_as_its_audio_came() {
    const LONG: &str = "אני צריך התקנת מנעול חכם לדלת הכניסה בתל אביב ביום ראשון בבוקר";
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            // All words come before their audio.
            plan.openai.behaviour.transcript_ahead = Duration::from_secs(60);
        })
        .await;
        let caller = call_with_one_answer(&world).await;
        let lost = ResponseFault::Lost {
            after: Some(Duration::from_millis(1_500)),
            by: LinkFault::Dropped,
        };
        practice(&world).faults().fault_next_response(lost);
        within("the sentence", caller.say(LONG)).await.unwrap();
        session_with_history(&world, 2).await;
        within("all that came", caller.quiet()).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        let record = practice(&world).log().record();
        let told = history_of(&record, 2);
        let agent = told.iter().rev().find(|(role, _)| role == "assistant").unwrap();
        let kept = agent.1.as_str();
        // 1.5 s of nearly 5 s came.
        let words = kept.split_whitespace().count();
        assert!(LONG.starts_with(kept) && (2..=5).contains(&words), "{kept}");
        let db = &world.app.services().database;
        let turns = entities::call_turns::of_call(db, world.business_id, caller.call_sid());
        let turns = turns.await.unwrap();
        assert!(turns.iter().any(|turn| turn.text.as_deref() == Some(kept)), "{turns:?}");
        world.close().await;
    });
}

#[test]
fn res_3_a_connection_refused_by_a_busy_server_is_retried() {
    virtually(async {
        let world = world(brief).await;
        let caller = call_with_one_answer(&world).await;
        let faults = practice(&world).faults();
        faults.refuse_next(ConnectRefusal::Http(429), 1);
        faults.refuse_next(ConnectRefusal::Http(503), 1);
        let before = practice(&world).log().look(|record| record.connections);
        faults.drop_now();
        session_with_history(&world, 2).await;
        assert_eq!(practice(&world).log().look(|record| record.connections), before + 3);
        goes_on(world, caller, 2).await;
    });
}

#[test]
fn res_3_a_stalled_response_is_requested_again_in_a_new_session() {
    virtually(async {
        let world = world(brief).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        practice(&world).faults().fault_next_response(ResponseFault::StalledAfterCreated);
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        let log = practice(&world).log();
        within("a new session", log.wait_for(|record| record.sessions == 2)).await;
        within("the answer", caller.hears("בתל אביב")).await.unwrap();
        assert_eq!(log.record().said_texts(), ["שלום", "בתל אביב"]);
        world.close().await;
    });
}

#[test]
fn pipe_3_a_model_that_stalls_is_noticed_after_8_s_though_it_answers_pings() {
    virtually(async {
        for speaks_after in [1, 2, 3, 5, 6, 8, 9, 10, 11].map(Duration::from_secs) {
            let world = world(|plan| {
                brief(plan);
                // No later event comes than the response's first.
                plan.openai.behaviour.transcription = Transcription::After(Duration::ZERO);
            })
            .await;
            let caller = world.dial(&number(1));
            within("the greeting", caller.hears("שלום")).await.unwrap();
            practice(&world).faults().fault_next_response(ResponseFault::StalledAfterCreated);
            tokio::time::sleep(speaks_after).await;
            within("the sentence", caller.say("בתל אביב")).await.unwrap();
            let log = practice(&world).log();
            within("a new session", log.wait_for(|record| record.sessions == 2)).await;
            within("the answer", caller.hears("בתל אביב")).await.unwrap();
            let record = log.record();
            let asked = record.of_kind("response.create").nth(1).unwrap();
            let replaced = record.of_kind("session.update").nth(1).unwrap();
            assert_eq!((asked.session, replaced.session), (1, 2));
            let noticed = replaced.at - asked.at;
            let late = noticed.abs_diff(Duration::from_secs(8));
            assert!(late < Duration::from_millis(100), "{speaks_after:?}: {noticed:?}");
            world.close().await;
        }
    });
}

/// A call to a daemon of which every session is refused in this way.
async fn lasting_refusal(refusal: ConnectRefusal) {
    let world = world(|plan| {
        brief(plan);
        plan.config.openai.upstream_patience = Duration::from_secs(60);
    })
    .await;
    practice(&world).faults().refuse_next(refusal, 10);
    let caller = world.dial(&number(1));
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb, "{refusal:?}");
    let apology = world.business.lines().apology;
    let apologised = outcome.view.verbs.iter().any(
        |verb| matches!(&verb.what, Done::Said { text, voice: Some(_), .. } if *text == apology),
    );
    assert!(apologised, "{refusal:?}: {:?}", outcome.view.verbs);
    assert_eq!(outcome.view.violations, []);
    nothing_left(&world).await;
    assert_eq!(practice(&world).log().record().connections, 1, "{refusal:?} is tried once");
    let reason = ended_record(&world, &caller).await.end_reason;
    assert_eq!(reason.as_deref(), Some("upstream_failed"), "{refusal:?}");
    world.close().await;
}

#[test]
fn res_3_a_bad_key_is_tried_once_and_the_caller_hears_the_apology() {
    virtually(async {
        lasting_refusal(ConnectRefusal::BadKey).await;
    });
}

#[test]
fn res_3_an_upgrade_refused_for_a_bad_key_is_tried_once_and_the_caller_hears_the_apology() {
    virtually(async {
        lasting_refusal(ConnectRefusal::Http(401)).await;
    });
}

#[test]
fn res_3_no_quota_is_tried_once_and_the_caller_hears_the_apology() {
    virtually(async {
        lasting_refusal(ConnectRefusal::NoQuota).await;
    });
}

#[test]
fn res_3_an_unknown_model_is_tried_once_and_the_caller_hears_the_apology() {
    virtually(async {
        lasting_refusal(ConnectRefusal::NoSuchModel).await;
    });
}
