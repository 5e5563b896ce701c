//! The client's events about items.

use super::*;

fn user_text(id: &str, text: &str) -> Value {
    json!({"type": "conversation.item.create", "item": {"id": id, "type": "message",
        "role": "user", "content": [{"type": "input_text", "text": text}]}})
}

/// A client that received a spoken sentence, and its item.
fn spoken_to() -> (Client, String) {
    let mut client = Client::ready(Behaviour::default(), saying("one two three four", None));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let item = client.one("response.output_item.done")["item"]["id"].as_str().unwrap().to_owned();
    client.came.clear();
    (client, item)
}

#[test]
fn prac_3_items_go_to_the_end_to_the_start_or_after_another() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.send(user_text("a", "first"));
    client.send(user_text("b", "second"));
    let mut start = user_text("c", "zeroth");
    start["previous_item_id"] = json!("root");
    client.send(start);
    let mut middle = user_text("d", "between");
    middle["previous_item_id"] = json!("a");
    client.send(middle);
    client.run(Duration::from_secs(1));
    let order: Vec<(&str, Option<&str>)> = client
        .all("conversation.item.added")
        .map(|e| (e["item"]["id"].as_str().unwrap(), e["previous_item_id"].as_str()))
        .collect();
    assert_eq!(order, [("a", None), ("b", Some("a")), ("c", None), ("d", Some("a"))]);
    assert_eq!(client.all("conversation.item.done").count(), 4);
    assert!(client.all("response.created").next().is_none(), "an item starts no response");
}

#[test]
fn prac_3_an_item_with_a_taken_or_overlong_id_or_a_wrong_part_is_refused() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.send(user_text("a", "first"));
    client.run(Duration::from_secs(1));
    client.came.clear();
    client.send(user_text("a", "again"));
    assert_eq!(client.error_code(), "invalid_value");
    client.send(user_text(&"x".repeat(33), "long"));
    assert_eq!(client.error_code(), "string_above_max_length");
    let content = json!([{"type": "output_audio", "transcript": "made up"}]);
    let item = json!({"type": "message", "role": "assistant", "content": content});
    client.send(json!({"type": "conversation.item.create", "item": item}));
    assert_eq!(client.error_code(), "invalid_value");
    let mut nowhere = user_text("b", "lost");
    nowhere["previous_item_id"] = json!("nobody");
    client.send(nowhere);
    assert_eq!(client.error_code(), "invalid_value");
}

#[test]
fn prac_3_an_output_needs_its_call_in_the_conversation() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    let output = json!({"type": "function_call_output", "call_id": "call_1", "output": "{}"});
    let create = json!({"type": "conversation.item.create", "item": output});
    client.send(create.clone());
    assert_eq!(client.error_code(), "invalid_tool_call_id");
    let call = json!({"type": "function_call", "call_id": "call_1", "name": "lookup",
        "arguments": "{}"});
    client.send(json!({"type": "conversation.item.create", "item": call}));
    client.send(create);
    client.run(Duration::from_secs(1));
    assert_eq!(client.all("conversation.item.added").count(), 2);
}

#[test]
fn prac_3_an_item_is_retrieved_with_its_audio_and_deleted_once() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.speak("שלום");
    client.run(Duration::from_secs(1));
    let id = client.one("input_audio_buffer.committed")["item_id"].clone();
    client.came.clear();
    client.send(json!({"type": "conversation.item.retrieve", "item_id": id}));
    client.run(Duration::from_secs(1));
    let item = client.one("conversation.item.retrieved")["item"].clone();
    assert_eq!(item["content"][0]["transcript"], "שלום");
    let audio = BASE64_STANDARD.decode(item["content"][0]["audio"].as_str().unwrap()).unwrap();
    let heard = crate::speech::SpeechDecoder::new().decode(&audio);
    assert!(heard.iter().any(|h| matches!(h, Decoded::Utterance { text, .. } if text == "שלום")));
    client.came.clear();
    client.send(json!({"type": "conversation.item.delete", "item_id": id}));
    client.run(Duration::from_secs(1));
    assert_eq!(client.one("conversation.item.deleted")["item_id"], id);
    client.came.clear();
    client.send(json!({"type": "conversation.item.delete", "item_id": id}));
    assert_eq!(client.error_code(), "item_delete_invalid_item_id");
    client.send(json!({"type": "conversation.item.retrieve", "item_id": id}));
    assert_eq!(client.error_code(), "item_retrieve_invalid_item_id");
}

#[test]
fn prac_3_audio_given_as_an_item_is_heard() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    let audio = BASE64_STANDARD.encode(client.voice.speak("מה שאמרתי", "he").ulaw());
    let content = json!([{"type": "input_audio", "audio": audio}]);
    let item = json!({"type": "message", "role": "user", "content": content});
    client.send(json!({"type": "conversation.item.create", "item": item}));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let record = client.log.record();
    assert_eq!(record.said_texts(), ["מה שאמרתי"]);
    assert_eq!(record.heard_in_items[0].text, "מה שאמרתי");
    assert!(record.heard.is_empty(), "no turn was spoken");
}

#[test]
fn prac_2_audio_given_as_an_item_with_frames_swapped_is_a_violation() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    let mut frames: Vec<_> = client.voice.speak("מה שאמרתי", "he").frames().collect();
    frames.swap(5, 6);
    let content =
        json!([{"type": "input_audio", "audio": BASE64_STANDARD.encode(frames.concat())}]);
    let item = json!({"type": "message", "role": "user", "content": content});
    client.send(json!({"type": "conversation.item.create", "item": item}));
    let record = client.log.record();
    let faults: Vec<_> = record.faults().map(|f| (f.code.as_str(), f.detail.as_str())).collect();
    assert!(matches!(faults[..], [("broken_audio", detail)] if detail.starts_with("swapped")));
}

#[test]
fn prac_3_a_truncated_item_loses_its_transcript_and_cannot_be_cut_longer_again() {
    let (mut client, id) = spoken_to();
    let truncate = |ms: Value| {
        json!({"type": "conversation.item.truncate", "item_id": id, "content_index": 0,
            "audio_end_ms": ms})
    };
    client.send(truncate(json!(500)));
    client.run(Duration::from_secs(1));
    let truncated = client.one("conversation.item.truncated");
    assert_eq!((&truncated["audio_end_ms"], &truncated["content_index"]), (&json!(500), &json!(0)));
    client.came.clear();
    client.send(truncate(json!(501)));
    client.run(Duration::from_secs(1));
    let message = client.one("error")["error"]["message"].clone();
    assert_eq!(message, "Audio content of 500ms is already shorter than 501ms");
    client.came.clear();
    client.send(json!({"type": "conversation.item.retrieve", "item_id": id}));
    client.run(Duration::from_secs(1));
    let item = &client.one("conversation.item.retrieved")["item"];
    assert_eq!(item["content"][0]["transcript"], Value::Null);
    let audio = BASE64_STANDARD.decode(item["content"][0]["audio"].as_str().unwrap()).unwrap();
    assert_eq!(audio.len(), 4000);
}

#[test]
fn prac_3_a_wrong_truncate_is_refused_as_the_api_does() {
    let (mut client, id) = spoken_to();
    let truncate = |id: &str, ms: Value| {
        json!({"type": "conversation.item.truncate", "item_id": id, "content_index": 0,
            "audio_end_ms": ms})
    };
    client.send(truncate(&id, json!(10.5)));
    assert_eq!(client.error_code(), "invalid_type");
    client.send(truncate(&id, json!(-1)));
    assert_eq!(client.error_code(), "integer_below_min_value");
    client.send(truncate(&id, json!(0)));
    assert_eq!(client.error_code(), "unsupported_content_type");
    client.send(truncate("item_nobody", json!(10)));
    assert_eq!(client.error_code(), "item_truncate_invalid_item_id");
    client.send(user_text("u", "words"));
    client.run(Duration::from_secs(1));
    client.came.clear();
    client.send(truncate("u", json!(10)));
    client.run(Duration::from_secs(1));
    let error = &client.one("error")["error"];
    assert_eq!(error["message"], "Only model output audio messages can be truncated");
    assert_eq!(error["code"], "unsupported_content_type");
}
