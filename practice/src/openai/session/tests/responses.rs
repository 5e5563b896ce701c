//! Responses: their order, responses outside the conversation, cancels.

use super::*;

fn create() -> Value {
    json!({"type": "response.create"})
}

/// The types received, without repetitions.
fn outline(client: &Client) -> Vec<&str> {
    let mut types = client.types();
    types.retain(|kind| !kind.ends_with(".delta"));
    types
}

#[test]
fn prac_3_a_spoken_answer_comes_in_the_order_of_the_api() {
    let mut client = Client::ready(Behaviour::default(), saying("one two three four", None));
    client.send(json!({"type": "response.create", "response": {"metadata": {"why": "turn"}}}));
    client.run(Duration::from_secs(5));
    assert_eq!(
        outline(&client),
        [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
    );
    let created = &client.one("response.created")["response"];
    assert_eq!((&created["status"], &created["usage"]), (&json!("in_progress"), &Value::Null));
    assert_eq!(created["metadata"], json!({"why": "turn"}));
    let done = client.one("response.done")["response"].clone();
    assert_eq!((&done["status"], &done["id"]), (&json!("completed"), &created["id"]));
    assert_eq!(done["output"][0]["content"][0]["transcript"], "one two three four");
    assert!(done["output"][0]["content"][0].get("audio").is_none());
    let delta = client.all("response.output_audio_transcript.delta").next().unwrap();
    assert!(delta["obfuscation"].is_string());
    for event in client.came.iter().map(|(_, event)| event) {
        assert!(event["event_id"].as_str().unwrap().starts_with("event_"));
    }
}

#[test]
fn prac_2_the_answers_audio_holds_its_words() {
    let mut client = Client::ready(Behaviour::default(), saying("שלום וברכה", None));
    client.send(create());
    client.run(Duration::from_secs(5));
    let audio: Vec<u8> = audio_by_item(&client).into_values().flatten().collect();
    let heard = crate::speech::SpeechDecoder::new().decode(&audio);
    assert!(matches!(&heard[1], Decoded::Utterance { text, .. } if text == "שלום וברכה"));
}

#[test]
fn prac_3_audio_comes_faster_than_it_plays_after_a_round_trip_and_some_thought() {
    let behaviour = Behaviour {
        rtt: Duration::from_millis(300),
        created_after: Duration::from_millis(50),
        first_audio_after: Duration::from_millis(400),
        speed: 10.0,
        ..Behaviour::default()
    };
    let words = "a sentence that takes some two seconds to say";
    let mut client = Client::ready(behaviour, saying(words, None));
    let asked = client.now;
    client.send(create());
    client.run(Duration::from_secs(5));
    let at = |kind: &str, last: bool| {
        let mut all = client.came.iter().filter(|(_, event)| event["type"] == kind);
        let event = if last { all.next_back() } else { all.next() };
        event.unwrap().0 - asked
    };
    assert_eq!(at("response.created", false), Duration::from_millis(350));
    assert_eq!(at("response.output_audio.delta", false), Duration::from_millis(750));
    let plays = client.voice.speak(words, "en").duration();
    let took = at("response.done", true) - Duration::from_millis(750);
    assert!(took <= plays / 10 + Duration::from_millis(1), "{took:?} for {plays:?}");
}

#[test]
fn prac_3_a_second_response_is_refused_while_one_is_active_or_asked_for() {
    let mut client = Client::ready(Behaviour::default(), saying("one two three four", None));
    client.send(create());
    client.send(json!({"type": "response.create", "event_id": "too_soon"}));
    client.run(Duration::from_millis(200));
    let id = client.one("response.created")["response"]["id"].as_str().unwrap().to_owned();
    let error = client.one("error")["error"].clone();
    assert_eq!(error["code"], "conversation_already_has_active_response");
    assert_eq!(error["event_id"], "too_soon");
    let message = format!(
        "Conversation already has an active response in progress: {id}. Wait until the response \
         is finished before creating a new one."
    );
    assert_eq!(error["message"], message);
    client.run(Duration::from_secs(5));
    assert_eq!(client.all("response.done").count(), 1, "the second create is lost");
}

#[test]
fn prac_3_a_cancel_ends_in_late_deltas_an_incomplete_item_and_one_done() {
    // Without a round trip no earlier delta is on the wire when the cancel is sent.
    let behaviour = Behaviour { late_deltas: 2, rtt: Duration::ZERO, ..Behaviour::default() };
    let words = "this is a long sentence so that there is something left of it to be cancelled";
    let mut client = Client::ready(behaviour, saying(words, None));
    client.send(create());
    client.run(Duration::from_millis(300));
    let id = client.one("response.created")["response"]["id"].clone();
    client.came.clear();
    client.send(json!({"type": "response.cancel", "response_id": id}));
    client.run(Duration::from_secs(5));
    assert_eq!(client.all("response.output_audio.delta").count(), 2);
    assert_eq!(
        outline(&client),
        [
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
    );
    let done = &client.one("response.done")["response"];
    assert_eq!(done["status"], "cancelled");
    assert_eq!(done["status_details"], json!({"type": "cancelled", "reason": "client_cancelled"}));
    assert_eq!(done["output"][0]["status"], "incomplete");
    assert!(done["usage"]["output_tokens"].as_u64() > Some(0), "what was made is billed");
}

#[test]
fn prac_3_a_cancel_without_a_response_or_before_it_was_created_is_an_error() {
    let mut client = Client::ready(Behaviour::default(), saying("one two", None));
    client.send(json!({"type": "response.cancel"}));
    assert_eq!(client.error_code(), "response_cancel_not_active");
    client.send(create());
    client.send(json!({"type": "response.cancel"}));
    client.run(Duration::from_secs(5));
    assert_eq!(client.one("error")["error"]["code"], "response_cancel_not_active");
    assert_eq!(client.one("response.done")["response"]["status"], "completed", "it speaks");
}

#[test]
fn prac_3_a_cancel_that_crosses_the_end_on_the_wire_is_an_error() {
    let behaviour = Behaviour { rtt: Duration::from_millis(400), ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying("כן", None));
    client.send(create());
    client.run(Duration::from_millis(600));
    assert!(client.all("response.done").next().is_none(), "still on its way to the client");
    client.send(json!({"type": "response.cancel"}));
    client.run(Duration::from_secs(2));
    assert_eq!(client.one("response.done")["response"]["status"], "completed");
    assert_eq!(client.one("error")["error"]["code"], "response_cancel_not_active");
}

#[test]
fn prac_3_a_function_call_comes_after_the_words_and_in_the_order_of_the_api() {
    let arguments = json!({"q": "locks", "n": 3});
    let mut client = Client::ready(Behaviour::default(), saying("", Some(arguments.clone())));
    client.send(create());
    client.run(Duration::from_secs(5));
    assert_eq!(
        outline(&client),
        [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.function_call_arguments.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
    );
    let done = client.one("response.function_call_arguments.done");
    let whole: Value = serde_json::from_str(done["arguments"].as_str().unwrap()).unwrap();
    assert_eq!((whole, &done["name"]), (arguments, &json!("lookup")));
    let parts: String = client
        .all("response.function_call_arguments.delta")
        .map(|delta| delta["delta"].as_str().unwrap())
        .collect();
    assert_eq!(parts, done["arguments"].as_str().unwrap());
    assert_eq!(client.one("response.done")["response"]["output"][0]["call_id"], done["call_id"]);
}

#[test]
fn prac_3_a_function_that_was_not_offered_is_not_called() {
    let mut client = Client::ready(Behaviour::default(), saying("words", Some(json!({}))));
    client.send(json!({"type": "response.create", "response": {"tool_choice": "none"}}));
    client.run(Duration::from_secs(5));
    let output = &client.one("response.done")["response"]["output"];
    assert_eq!(output.as_array().unwrap().len(), 1);
    assert_eq!(output[0]["type"], "message");
}

#[test]
fn prac_3_a_preamble_is_an_audio_item_of_its_own() {
    let behaviour = Behaviour { preamble: Some("רגע".to_owned()), ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying("התשובה", Some(json!({}))));
    client.send(create());
    client.run(Duration::from_secs(5));
    let output = client.one("response.done")["response"]["output"].clone();
    let kinds: Vec<&str> =
        output.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message", "message", "function_call"]);
    assert_eq!(audio_by_item(&client).len(), 2);
    let first_done = client
        .came
        .iter()
        .position(|(_, e)| e["type"] == "response.output_audio.done" && e["output_index"] == 0);
    let second_begins = client
        .came
        .iter()
        .position(|(_, e)| e["type"] == "response.output_audio.delta" && e["output_index"] == 1);
    assert!(first_done > second_begins);
}

#[test]
fn prac_3_a_response_out_of_band_runs_beside_the_active_one_and_leaves_no_items() {
    let mut client = Client::ready(Behaviour::default(), saying("one two three four", None));
    client.send(create());
    client.run(Duration::from_millis(100));
    let aside = json!({"conversation": "none", "input": [],
        "instructions": "Say exactly the following text, word for word, in its own language, \
                         and nothing else:\n\"\"\"\nרגע אחד\n\"\"\""});
    client.send(json!({"type": "response.create", "response": aside}));
    client.run(Duration::from_secs(5));
    assert_eq!(client.all("response.done").count(), 2);
    assert!(client.all("error").next().is_none());
    let ids: Vec<&Value> =
        client.all("response.created").map(|e| &e["response"]["conversation_id"]).collect();
    assert_eq!(ids.iter().filter(|id| id.is_null()).count(), 1);
    assert_eq!(client.all("conversation.item.added").count(), 1);
    assert_eq!(client.log.record().said_texts().len(), 2);
    assert!(client.log.record().said_texts().contains(&"רגע אחד"));
}

#[test]
fn prac_3_a_response_takes_its_own_input_instead_of_the_conversation() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    client.speak("from the conversation");
    client.run(Duration::from_secs(1));
    let item = json!({"type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "from the input"}]});
    client.send(json!({"type": "response.create", "response": {"input": [item]}}));
    client.run(Duration::from_secs(5));
    let id = client.one("input_audio_buffer.committed")["item_id"].clone();
    let reference = json!([{"type": "item_reference", "id": id}]);
    client.send(json!({"type": "response.create", "response": {"input": reference}}));
    client.run(Duration::from_secs(5));
    assert_eq!(client.log.record().said_texts(), ["from the input", "from the conversation"]);
    let nobody = json!([{"type": "item_reference", "id": "nobody"}]);
    client.came.clear();
    client.send(json!({"type": "response.create", "response": {"input": nobody}}));
    assert_eq!(client.error_code(), "item_retrieve_invalid_item_id");
}

#[test]
fn prac_3_text_and_a_wrong_field_are_answered_as_such() {
    let mut client = Client::ready(Behaviour::default(), saying("one two", None));
    let text = json!({"output_modalities": ["text"]});
    client.send(json!({"type": "response.create", "response": text}));
    client.run(Duration::from_secs(5));
    assert_eq!(client.one("response.output_text.done")["text"], "one two");
    assert!(audio_by_item(&client).is_empty());
    client.came.clear();
    client.send(json!({"type": "response.create", "response": {"temperature": 1}}));
    assert_eq!(client.error_code(), "unknown_parameter");
    let long = json!({"metadata": {"why": "x".repeat(513)}});
    client.send(json!({"type": "response.create", "response": long}));
    assert_eq!(client.error_code(), "string_above_max_length");
}

#[test]
fn prac_3_usage_adds_up_and_grows_with_the_conversation() {
    let mut client = Client::ready(Behaviour::default(), Brain::Echo);
    for _ in 0..3 {
        client.speak("please say something");
        client.send(create());
        client.run(Duration::from_secs(5));
    }
    let usages: Vec<&Value> =
        client.all("response.done").map(|e| &e["response"]["usage"]).collect();
    for usage in &usages {
        let n = |pointer: &str| usage.pointer(pointer).unwrap().as_u64().unwrap();
        assert_eq!(n("/total_tokens"), n("/input_tokens") + n("/output_tokens"));
        let parts = n("/input_token_details/text_tokens") + n("/input_token_details/audio_tokens");
        assert_eq!(n("/input_tokens"), parts);
        let spoken = client.voice.speak("please say something", "en").duration().as_millis() as u64;
        assert_eq!(n("/output_token_details/audio_tokens"), spoken.div_ceil(50));
        assert!(n("/input_token_details/cached_tokens") < n("/input_tokens"));
    }
    assert!(usages.is_sorted_by_key(|usage| usage["input_tokens"].as_u64()));
}
