//! What is sent to OpenAI, as the practice server and another crate read it.

use std::collections::BTreeSet;
use std::time::Duration;

use async_openai::types::realtime::RealtimeClientEvent;
use frontdesk::world::World;
use practice::openai::{Brain, Record, Rule, SeenEvent, ToolCall};
use practice::twilio::{CallerHandle, Dial, EndedBy};
use serde_json::{Value, json};

use crate::support::{brief, number, practice, within, world};

const APPEND: &str = "input_audio_buffer.append";
const CREATE: &str = "response.create";
const UPDATE: &str = "session.update";
const ITEM: &str = "conversation.item.create";

/// What the caller of the demo says, after the greeting.
const DEMO: [&str; 4] = ["התקנת מנעול חכם", "בתל אביב", "כן", "תודה, להתראות"];

/// Calls and talks as in the demo, to the agent's goodbye and the call's end.
async fn demo_conversation(world: &World) {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    for said in DEMO {
        within("the sentence", caller.say(said)).await.unwrap();
        within("an answer", caller.hears_anything()).await.unwrap();
    }
    assert_eq!(within("the end", caller.ended()).await.ended_by, EndedBy::Rest);
}

/// Whether the server found no violations.
fn is_faultless(record: &Record) -> bool {
    record.faults().next().is_none()
}

/// The number of each `response.create`, in order.
fn requests<'a>(record: &'a Record) -> Vec<&'a str> {
    let number = |event: &'a SeenEvent| event.body["response"]["metadata"]["request"].as_str();
    record.of_kind(CREATE).map(|event| number(event).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_4_pipe_6_a_session_is_configured_once_with_every_value_before_any_audio() {
    const UPDATED_AFTER: Duration = Duration::from_millis(700);
    let world = world(|plan| {
        brief(plan);
        plan.keeps_audio = true;
        plan.openai.behaviour.session_updated_after = UPDATED_AFTER;
    })
    .await;
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();

    let record = practice(&world).log().record();
    assert_eq!(record.sessions, 1);
    let updates: Vec<&SeenEvent> = record.of_kind(UPDATE).collect();
    let [update] = updates.as_slice() else { panic!("{} updates", updates.len()) };
    let first_audio = record.of_kind(APPEND).next().expect("the caller's audio");
    assert!(first_audio.at >= update.at + UPDATED_AFTER, "not before session.updated");
    assert!(record.events.iter().all(|event| event.at >= update.at), "the update is the first");

    let agent = &world.business.agent;
    let session = &update.body["session"];
    assert_eq!(session["audio"]["input"]["format"], json!({"type": "audio/pcmu"}));
    assert_eq!(session["audio"]["output"]["format"], json!({"type": "audio/pcmu"}));
    assert_eq!(session["audio"]["output"]["voice"], agent.voice.as_str());
    let detection = session["audio"]["input"]["turn_detection"].as_object().unwrap();
    assert_eq!(detection["type"], "server_vad");
    assert_eq!(detection["create_response"], false);
    assert_eq!(detection["interrupt_response"], false);
    assert_eq!(detection.get("idle_timeout_ms"), Some(&Value::Null), "said, not left out");
    for number in ["threshold", "prefix_padding_ms", "silence_duration_ms"] {
        assert!(detection[number].is_number(), "{number} is sent");
    }
    assert!(session.get("temperature").is_none(), "the API has none any more");
    for create in record.of_kind(CREATE) {
        let response = create.body["response"].as_object().unwrap();
        for fixed in ["model", "voice", "audio", "output_modalities", "temperature"] {
            assert!(!response.contains_key(fixed), "{fixed} is the session's");
        }
    }
    assert!(is_faultless(&record), "{:?}", record.violations);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_4_a_session_that_confirms_pcm_gets_no_audio_and_fails() {
    let world = world(|plan| {
        brief(plan);
        plan.openai.behaviour.answers_in_pcm = true;
    })
    .await;
    let caller = world.dial(&number(2));
    let log = practice(&world).log();
    let given_up = log.wait_for(|record| record.sessions >= 2 && record.count(UPDATE) >= 2);
    within("another session", given_up).await;
    within("the caller's frames", caller.until(|view| view.streams[0].frames_sent > 10))
        .await
        .unwrap();
    log.look(|record| {
        assert!(record.alive <= 1, "at most one at a time");
        assert_eq!(record.count(UPDATE), record.events.len() as u64, "nothing but updates");
        assert_eq!((record.count(APPEND), record.count(CREATE)), (0, 0));
    });
    // Once the server works again, it receives the call and what the caller said meanwhile.
    practice(&world).faults().behave(|behaviour| behaviour.answers_in_pcm = false);
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipe_3_every_response_of_a_whole_conversation_is_asked_for_once() {
    let world = world(|plan| plan.line_speed = 3.0).await;
    demo_conversation(&world).await;
    let record = practice(&world).log().record();
    assert_eq!(record.heard_texts(), DEMO);

    let creates = record.count(CREATE);
    assert_eq!(record.responses, creates, "none but those asked for, and each of them");
    assert_eq!(record.done.get("completed"), Some(&creates), "{:?}", record.done);
    let requests = requests(&record);
    assert_eq!(requests.iter().collect::<BTreeSet<_>>().len(), requests.len(), "{requests:?}");
    // The greeting, an answer to each turn, and an answer to each output that needs one.
    let outputs = record.of_kind(ITEM).filter(|e| e.body["item"]["type"] == "function_call_output");
    let outputs = outputs.count() as u64;
    let turns = DEMO.len() as u64;
    assert!((1 + turns..=1 + turns + outputs).contains(&creates), "{creates}, {outputs} outputs");
    assert_eq!(
        record.said.len() as u64,
        1 + turns,
        "each turn was answered in words once: {:?}",
        record.said
    );
    assert_eq!(record.violations, [], "not even one that crossed");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipe_3_a_tools_output_and_a_callers_turn_that_waited_share_one_response() {
    let (world, caller) = output_and_turn_wait().await;
    within("one answer to both", caller.hears("רשמתי")).await.unwrap();
    world.app.calls().drain();
    assert_eq!(within("the end", caller.ended()).await.ended_by, EndedBy::Rest);

    let record = practice(&world).log().record();
    let both_and_the_closing_line = [CREATE, CREATE];
    assert_eq!(kinds(&record), [&BEFORE[..], &both_and_the_closing_line].concat());
    let lines = world.business.lines();
    let said = [lines.greeting.as_str(), "בסדר", "רשמתי", &lines.closing];
    assert_eq!(record.said_texts(), said);
    assert_eq!(record.violations, []);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipe_3_the_closing_line_waits_for_the_gate_and_replaces_what_waited() {
    let (world, caller) = output_and_turn_wait().await;
    world.app.calls().drain();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!((outcome.ended_by, outcome.view.hang_up_requests), (EndedBy::Rest, 1));

    let record = practice(&world).log().record();
    assert_eq!(kinds(&record), [&BEFORE[..], &[CREATE]].concat());
    let lines = world.business.lines();
    assert_eq!(record.said_texts(), [lines.greeting.as_str(), "בסדר", &lines.closing]);
    assert_eq!(record.violations, []);
    world.close().await;
}

/// What the server has received by then: requests for the greeting and for an answer to the first
/// turn, which was the tool call; then one request for both its output and the second turn.
const BEFORE: [&str; 5] = [UPDATE, CREATE, CREATE, "function_call_output", CREATE];

/// A call in which the response to a tool's output and a turn runs, and another turn waits for its
/// end.
async fn output_and_turn_wait() -> (World, CallerHandle) {
    let world = world(|plan| {
        brief(plan);
        plan.openai.brain = Brain::Scripted(writes_down());
        plan.line_speed = 3.0;
    })
    .await;
    let caller = world.dial(&number(3));
    let (log, faults) = (practice(&world).log(), practice(&world).faults());
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    // Each response is so slow that the next turn ends first.
    faults.behave(|behaviour| behaviour.first_audio_after = Duration::from_millis(2500));
    for (turns, said) in [(1, "התקנת מנעול חכם"), (2, "בתל אביב")] {
        within("the sentence", caller.say(said)).await.unwrap();
        within("the turn", log.wait_for(|record| record.heard.len() == turns)).await;
    }
    let output = |record: &Record| kinds(record).contains(&"function_call_output");
    within("the tool's output", log.wait_for(output)).await;
    within("the sentence", caller.say("כן")).await.unwrap();
    within("the turn", log.wait_for(|record| record.heard.len() == 3)).await;
    log.look(|record| {
        assert_eq!(kinds(record), BEFORE);
        assert_eq!(record.done.get("completed"), Some(&2), "the third response runs");
    });
    faults.behave(|behaviour| behaviour.first_audio_after = Duration::from_millis(150));
    (world, caller)
}

/// A model that only saves the first detail, and answers the other turns.
fn writes_down() -> Vec<Rule> {
    let rule = |heard: &str| Rule { heard: vec![heard.to_owned()], ..Rule::default() };
    let update = ToolCall {
        name: "update_lead_details".to_owned(),
        arguments: json!({"fields": {"service_category": "התקנת מנעול חכם"}}),
    };
    vec![
        Rule { calls: vec![update], ..rule("מנעול חכם") },
        Rule {
            say: Some("בסדר".to_owned()),
            after_tool: Some("update_lead_details".to_owned()),
            ..rule("בתל אביב")
        },
        Rule { say: Some("רשמתי".to_owned()), ..rule("כן") },
    ]
}

/// The types of the events that the server received, in order; an item has its own type.
fn kinds(record: &Record) -> Vec<&str> {
    let events = record.events.iter();
    events.map(|event| event.body["item"]["type"].as_str().unwrap_or(&event.kind)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prac_3_another_crate_parses_every_client_event_of_a_call() {
    let world = world(|plan| {
        plan.keeps_audio = true;
        plan.line_speed = 3.0;
    })
    .await;
    demo_conversation(&world).await;
    let record = practice(&world).log().record();
    let mut kinds = BTreeSet::new();
    for event in &record.events {
        let sent = with_what_the_crate_demands(&event.body);
        let read = serde_json::from_value::<RealtimeClientEvent>(sent.clone());
        let read = read.unwrap_or_else(|error| panic!("{}: {error}\n{sent}", event.kind));
        let known = serde_json::to_value(&read).unwrap();
        assert_eq!(unknown_part(&sent, &known, &event.kind), None, "as {known}");
        kinds.insert(event.kind.as_str());
    }
    assert!(kinds.is_superset(&[APPEND, CREATE, ITEM, UPDATE].into()), "{kinds:?}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_2_the_greeting_is_asked_for_before_a_slow_stream_opens_and_plays_at_once() {
    const SLOW: Duration = Duration::from_secs(2);
    let world = world(|plan| {
        brief(plan);
        plan.openai.behaviour.first_audio_after = Duration::from_secs(1);
    })
    .await;
    let mut dial = Dial::new(number(4).as_str(), world.business.phone_numbers[0].as_str());
    dial.line.start_delay = SLOW;
    let caller = world.carrier.dial(&dial);
    let log = practice(&world).log();
    within("the greeting asked for", log.wait_for(|record| record.count(CREATE) == 1)).await;
    let asked_at = caller.elapsed();
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();

    let view = caller.view().borrow().clone();
    let started = view.streams[0].opened_at + SLOW;
    assert!(asked_at < started, "asked for at {asked_at:?}, the stream opened at {started:?}");
    let waited = view.first_heard_at.unwrap() - started;
    assert!(waited < Duration::from_millis(500), "its audio was ready, and took {waited:?}");
    log.look(|record| assert_eq!((record.sessions, record.count(CREATE)), (1, 1)));
    world.close().await;
}

/// The crate requires fields of `response.create` and items that are optional in the API. Adds them
/// with the API's documented defaults.
fn with_what_the_crate_demands(event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(response) = event.get_mut("response").and_then(Value::as_object_mut) {
        for (field, default) in [
            ("audio", json!({"output": {"format": {"type": "audio/pcmu"}, "voice": "marin"}})),
            ("conversation", json!("auto")),
            ("input", json!([])),
            ("instructions", json!("")),
            ("max_output_tokens", json!("inf")),
            ("output_modalities", json!(["audio"])),
        ] {
            response.entry(field).or_insert(default);
        }
    }
    if let Some(item) = event.get_mut("item").and_then(Value::as_object_mut) {
        item.entry("status").or_insert(json!("completed"));
    }
    event
}

/// The path of the first value that the crate drops or changes.
fn unknown_part(sent: &Value, known: &Value, path: &str) -> Option<String> {
    match (sent, known) {
        (Value::Object(sent), Value::Object(known)) => sent.iter().find_map(|(name, value)| {
            let other = known.get(name).unwrap_or(&Value::Null);
            unknown_part(value, other, &format!("{path}.{name}"))
        }),
        (Value::Array(sent), Value::Array(known)) if sent.len() == known.len() => {
            let mut both = sent.iter().zip(known).enumerate();
            both.find_map(|(n, (sent, known))| unknown_part(sent, known, &format!("{path}[{n}]")))
        }
        // The crate stores numbers as 32-bit floats.
        (Value::Number(sent), Value::Number(known)) => {
            let apart = sent.as_f64().unwrap() - known.as_f64().unwrap();
            (apart.abs() > 1e-4).then(|| path.to_owned())
        }
        _ => (sent != known).then(|| path.to_owned()),
    }
}
