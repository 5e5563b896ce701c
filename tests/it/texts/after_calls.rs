//! Which calls are followed by a message (WA-7).

use std::time::Duration;

use frontdesk::world::Plan;
use practice::openai::{Brain, Rule, ToolCall};
use protocol::business::AfterCall;
use serde_json::json;

use super::{ANSWER, Person, questions};
use crate::support::{brief_in_writing, virtually, within, world};

const FOLLOWS: &str = "תודה על השיחה.";

/// What a caller brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Nothing,
    /// Something for the lead is told.
    Told,
    /// An appointment is booked.
    Booked,
}

fn plan(after_call: AfterCall) -> impl FnOnce(&mut Plan) {
    move |plan| {
        brief_in_writing(plan);
        plan.business.whatsapp.after_call = after_call;
        let text = |text: &str| Some(text.to_owned());
        let calls = |name: &str, arguments| vec![ToolCall { name: name.to_owned(), arguments }];
        let heard = |word: &str| Rule { heard: vec![word.to_owned()], ..Rule::default() };
        let details = json!({ "fields": { "city": "חיפה" } });
        // The simulation begins on a Sunday at 10:00.
        let slot = json!({ "slot_start": "2026-11-23T10:00" });
        plan.openai.brain = Brain::Scripted(vec![
            Rule { told: text("has just ended"), say: text(FOLLOWS), ..Rule::default() },
            Rule {
                after_tool: text("update_lead_details"), say: text("רשמתי"), ..Rule::default()
            },
            Rule {
                after_tool: text("create_appointment"), say: text("קבעתי"), ..Rule::default()
            },
            Rule { calls: calls("update_lead_details", details), ..heard("חיפה") },
            Rule { calls: calls("create_appointment", slot), ..heard("מחר") },
            Rule { say: text("בסדר"), ..Rule::default() },
        ]);
    }
}

/// A person who has written calls, and says goodbye.
async fn calls(person: &Person<'_>, call: Call) {
    let caller = person.world.dial(&person.number);
    within("the greeting", caller.hears("שלום")).await.unwrap();
    let (words, answer) = match call {
        Call::Nothing => ("הלו", "בסדר"),
        Call::Told => ("בעיר חיפה", "רשמתי"),
        Call::Booked => ("מחר בעשר", "קבעתי"),
    };
    within("the words", caller.say(words)).await.unwrap();
    within(answer, caller.hears(answer)).await.unwrap();
    caller.hang_up();
    within("the end", caller.ended()).await;
    tokio::time::sleep(ANSWER).await;
}

#[test]
fn wa_7_a_message_follows_the_calls_that_the_business_has_chosen_and_no_others() {
    for (after_call, call, follows) in [
        (AfterCall::Off, Call::Told, false),
        (AfterCall::Off, Call::Booked, false),
        (AfterCall::Lead, Call::Nothing, false),
        (AfterCall::Lead, Call::Told, true),
        (AfterCall::Lead, Call::Booked, true),
        (AfterCall::Appointment, Call::Nothing, false),
        (AfterCall::Appointment, Call::Told, false),
        (AfterCall::Appointment, Call::Booked, true),
    ] {
        virtually(async {
            let world = world(plan(after_call)).await;
            let person = Person::of(&world, 1);
            person.writes("שלום").await;
            person.gets(1).await;
            calls(&person, call).await;
            let expected = if follows { vec!["בסדר", FOLLOWS] } else { vec!["בסדר"] };
            assert_eq!(person.got(), expected, "{after_call:?} {call:?}");
            // The model is not even asked after a call that earns nothing.
            assert_eq!(questions(&world).len(), expected.len(), "{after_call:?} {call:?}");
            world.close().await;
        });
    }
}

#[test]
fn wa_7_who_has_never_written_gets_no_message_after_a_call() {
    virtually(async {
        let world = world(plan(AfterCall::Lead)).await;
        let person = Person::of(&world, 1);
        calls(&person, Call::Told).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(person.got().is_empty() && questions(&world).is_empty());
        world.close().await;
    });
}

#[test]
fn wa_6_after_stop_no_message_follows_a_call_and_after_start_it_does_again() {
    virtually(async {
        let world = world(plan(AfterCall::Lead)).await;
        let person = Person::of(&world, 1);
        person.writes("שלום").await;
        person.gets(1).await;
        person.writes("הסר").await;
        tokio::time::sleep(ANSWER).await;
        calls(&person, Call::Told).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(person.got(), ["בסדר"]);
        person.writes("הצטרף").await;
        person.gets(2).await;
        calls(&person, Call::Booked).await;
        assert_eq!(person.got()[2..], [FOLLOWS]);
        world.close().await;
    });
}

#[test]
fn wa_7_the_prompt_of_a_call_has_the_last_messages_and_the_lead_is_one() {
    virtually(async {
        let world = world(plan(AfterCall::Off)).await;
        let person = Person::of(&world, 1);
        person.writes("יש לי דלת מספר 4711").await;
        person.gets(1).await;
        let in_writing = person.conversation().await.lead_id;
        let caller = world.dial(&person.number);
        within("the greeting", caller.hears("שלום")).await.unwrap();
        let record = world.openai().unwrap().log().record();
        let update = record.of_kind("session.update").last().unwrap().body.clone();
        let prompt = update["session"]["instructions"].as_str().unwrap();
        assert!(prompt.contains("יש לי דלת מספר 4711") && prompt.contains("בסדר"), "{prompt}");
        caller.hang_up();
        let record = crate::support::ended_record(&world, &caller).await;
        assert_eq!(record.lead_id, in_writing);
        world.close().await;
    });
}
