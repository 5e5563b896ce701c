//! Endings by the caller's words or silence, and one that is taken back, over real sockets (END-3,
//! END-6, END-7).

use std::time::Duration;

use entities::calls::CallRecord;
use frontdesk::world::World;
use practice::openai::{Brain, Rule, ToolCall};
use practice::twilio::{CallerHandle, EndedBy};
use protocol::business::Decider;
use serde_json::json;

use crate::support::{
    brief, ended_record, nothing_left, number, practice, virtually, within, world,
};

async fn open_call(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    caller
}

/// Asserts that the daemon ends the call once, after its last words, and that nothing is left.
async fn ends(world: &World, caller: &CallerHandle, last_words: &str) -> CallRecord {
    within("the last words", caller.hears(last_words)).await.unwrap();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    assert_eq!(outcome.view.hang_up_requests, 1);
    assert_eq!(outcome.view.violations, []);
    nothing_left(world).await;
    let log = practice(world).log().record();
    assert_eq!(log.faults().count(), 0, "{:?}", log.violations);
    ended_record(world, caller).await
}

#[test]
fn end_3_a_goodbye_phrase_is_answered_by_the_closing_line_alone_and_ends_the_call() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.business.ending.decider = Decider::Phrases;
            plan.business.ending.phrase_wait = Duration::from_secs(30);
        })
        .await;
        let lines = world.business.lines();
        let caller = open_call(&world).await;
        within("a decline", caller.say("לא צריך")).await.unwrap();
        within("the answer", caller.hears(&lines.decline)).await.unwrap();
        within("the goodbye", caller.say("לא צריך, ביי")).await.unwrap();
        let record = ends(&world, &caller, &lines.closing).await;
        assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
        assert_eq!(record.ended_by.as_deref(), Some("daemon"));
        let stats = record.stats.expect("what was counted");
        assert_eq!(stats["responses"], 3);
        assert!(stats["tokens"]["audio_out"].as_u64().unwrap() > 0, "{stats}");
        assert!(stats["cost_micro_usd"].as_u64().unwrap() > 0, "{stats}");
        let said = practice(&world).log().record();
        assert_eq!(said.said_texts(), ["שלום", &lines.decline, &lines.closing]);
        world.close().await;
    });
}

#[test]
fn end_7_a_silent_caller_is_asked_twice_and_then_the_call_ends() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.business.silence.timeout = Duration::from_millis(700);
            plan.business.silence.texts = Some(vec!["הלו?".into(), "עוד שם?".into()]);
            plan.business.ending.no_response_text = Some("להתראות".into());
        })
        .await;
        let caller = open_call(&world).await;
        within("the first check", caller.hears("הלו?")).await.unwrap();
        within("the second check", caller.hears("עוד שם?")).await.unwrap();
        let record = ends(&world, &caller, "להתראות").await;
        assert_eq!(record.end_reason.as_deref(), Some("no_response"));
        let said = practice(&world).log().record();
        assert_eq!(said.said_texts(), ["שלום", "הלו?", "עוד שם?", "להתראות"]);
        world.close().await;
    });
}

#[test]
fn end_6_a_caller_who_speaks_during_the_closing_line_hears_all_of_it_and_is_answered() {
    virtually(async {
        const GOODBYE: &str =
            "היה נעים מאוד לדבר, תודה רבה שהתקשרתם אלינו היום, שיהיה לכם יום טוב ולהתראות";
        let ends_with = |heard: &str, say: Option<&str>| Rule {
            heard: vec![heard.to_owned()],
            say: say.map(str::to_owned),
            calls: vec![ToolCall {
                name: "call_control".to_owned(),
                arguments: json!({ "should_end_call": true, "end_reason": "user_goodbye" }),
            }],
            ..Rule::default()
        };
        let answers = Rule {
            heard: vec!["שאלה".to_owned()],
            say: Some("בבקשה".to_owned()),
            ..Rule::default()
        };
        let world = world(|plan| {
            brief(plan);
            plan.openai.brain = Brain::Scripted(vec![
                answers,
                ends_with("די", Some("שלום שלום")),
                ends_with("ביי", None),
            ]);
            plan.business.ending.closing_text = Some(GOODBYE.to_owned());
            plan.business.ending.hangup_delay = Duration::from_secs(3);
        })
        .await;
        let caller = open_call(&world).await;
        within("the goodbye", caller.say("ביי")).await.unwrap();
        within("the first of the last words", caller.hears_audio()).await.unwrap();
        within("the question", caller.say("רגע יש לי עוד שאלה")).await.unwrap();
        within("the last words, whole", caller.hears(GOODBYE)).await.unwrap();
        within("the answer", caller.hears("בבקשה")).await.unwrap();
        let calls = world.calls().await.unwrap();
        assert_eq!(calls[0].call.phase, "open");
        within("the next goodbye", caller.say("די")).await.unwrap();
        let record = ends(&world, &caller, "שלום שלום").await;
        assert_eq!(record.end_reason.as_deref(), Some("user_goodbye"));
        assert_eq!(record.ended_by.as_deref(), Some("agent"));
        world.close().await;
    });
}
