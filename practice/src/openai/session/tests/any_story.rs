//! Properties that hold whatever a client does.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Something a client does, valid or not.
#[derive(Debug, Clone)]
enum Deed {
    Speak(&'static str),
    Silence,
    Wait(u64),
    Create,
    CreateBeside,
    Cancel,
    TruncateLast(u64),
    DeleteLast,
    Say(&'static str),
    Rubbish(&'static str),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        prop_oneof![Just("one"), Just("two and three")].prop_map(Deed::Speak),
        Just(Deed::Silence),
        (0_u64..1500).prop_map(Deed::Wait),
        Just(Deed::Create),
        Just(Deed::CreateBeside),
        Just(Deed::Cancel),
        (0_u64..2000).prop_map(Deed::TruncateLast),
        Just(Deed::DeleteLast),
        prop_oneof![Just("hello"), Just("")].prop_map(Deed::Say),
        prop_oneof![
            Just("{}"),
            Just("[]"),
            Just("{\"type\":\"response.create\",\"response\":7}"),
            Just("nothing"),
            Just("{\"type\":\"input_audio_buffer.append\",\"audio\":\"/w==\"}")
        ]
        .prop_map(Deed::Rubbish),
    ];
    prop::collection::vec(deed, 1..25)
}

fn last_item(client: &Client) -> Value {
    let added = client.all("conversation.item.added");
    added.last().map_or(json!("item_none"), |event| event["item"]["id"].clone())
}

fn perform(client: &mut Client, deed: &Deed) {
    match deed {
        Deed::Speak(words) => client.speak(words),
        Deed::Silence => client.silence(300),
        Deed::Wait(milliseconds) => client.run(Duration::from_millis(*milliseconds)),
        Deed::Create => client.send(json!({"type": "response.create"})),
        Deed::CreateBeside => {
            let beside = json!({"conversation": "none"});
            client.send(json!({"type": "response.create", "response": beside}));
        }
        Deed::Cancel => client.send(json!({"type": "response.cancel"})),
        Deed::TruncateLast(end) => {
            let id = last_item(client);
            client.send(json!({"type": "conversation.item.truncate", "item_id": id,
                "content_index": 0, "audio_end_ms": end}));
        }
        Deed::DeleteLast => {
            let id = last_item(client);
            client.send(json!({"type": "conversation.item.delete", "item_id": id}));
        }
        Deed::Say(words) => client.send(json!({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": words}]}})),
        Deed::Rubbish(text) => {
            client.session.on_text(text, client.now);
            client.collect();
        }
    }
}

fn ids(client: &Client, kind: &str, pointer: &str) -> Vec<String> {
    client.all(kind).map(|e| e.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn prac_3_in_any_story_every_response_is_done_once_and_every_item_is_added_once(
        story in deeds(),
        preamble in prop::option::of(Just("רגע".to_owned())),
    ) {
        let behaviour = Behaviour { preamble, ..Behaviour::default() };
        let mut client = Client::ready(behaviour, saying("some words to say", Some(json!({"a": 1}))));
        for deed in &story {
            perform(&mut client, deed);
        }
        client.run(Duration::from_secs(10));

        let created = ids(&client, "response.created", "/response/id");
        let mut done = ids(&client, "response.done", "/response/id");
        prop_assert_eq!(created.iter().collect::<BTreeSet<_>>(), done.iter().collect::<BTreeSet<_>>());
        done.dedup();
        prop_assert_eq!(created.len(), done.len());

        let events: Vec<&str> =
            client.came.iter().map(|(_, event)| event["event_id"].as_str().unwrap()).collect();
        prop_assert_eq!(events.iter().collect::<BTreeSet<_>>().len(), events.len());
        let items = ids(&client, "conversation.item.added", "/item/id");
        prop_assert_eq!(items.iter().collect::<BTreeSet<_>>().len(), items.len());
        prop_assert_eq!(
            client.all("response.output_item.added").count() >= client.all("response.output_item.done").count(),
            true
        );
        prop_assert!(client.came.is_sorted_by_key(|(at, _)| *at));
        prop_assert!(client.closed.is_none());

        // At no time did two responses write to the conversation.
        let mut active = 0;
        for (_, event) in &client.came {
            let counts = event["response"]["conversation_id"].is_string();
            match event["type"].as_str() {
                Some("response.created") if counts => active += 1,
                Some("response.done") if counts => active -= 1,
                _ => {}
            }
            prop_assert!((0..=1).contains(&active));
        }
    }
}
