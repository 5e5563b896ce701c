//! Responses with everything wrong that the model was seen to do, event by event.

use super::*;
use crate::openai::behaviour::ArgumentsFault;

const WORDS: &str = "a sentence of some length that could be cut";

/// What a response brings whose fault is this.
fn response_with(fault: ResponseFault) -> Client {
    let behaviour = Behaviour { responses: vec![fault], ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying(WORDS, None));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    client
}

/// A response with a call of `lookup`.
fn call_with(behaviour: Behaviour, response: Value) -> Client {
    let mut client = Client::ready(behaviour, saying("", Some(json!({"q": "locks"}))));
    client.send(json!({"type": "response.create", "response": response}));
    client.run(Duration::from_secs(5));
    client
}

#[test]
fn prac_7_an_answer_comes_in_text_only() {
    let client = response_with(ResponseFault::TextOnly);
    assert!(audio_by_item(&client).is_empty());
    let mut types = client.types();
    types.dedup();
    assert_eq!(
        types,
        [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
    );
    assert_eq!(client.one("response.output_text.done")["text"], WORDS);
    let done = &client.one("response.done")["response"];
    assert_eq!(
        (&done["status"], &done["output_modalities"]),
        (&json!("completed"), &json!(["audio"]))
    );
    assert_eq!(done["output"][0]["content"], json!([{"type": "output_text", "text": WORDS}]));
    assert_eq!(done["usage"]["output_token_details"]["audio_tokens"], 0);
}

#[test]
fn prac_7_an_answer_is_empty_or_all_its_tokens_went_into_reasoning() {
    let client = response_with(ResponseFault::Empty);
    assert_eq!(client.types(), ["response.created", "response.done", "rate_limits.updated"]);
    let done = &client.one("response.done")["response"];
    assert_eq!((&done["status"], &done["output"]), (&json!("completed"), &json!([])));
    assert_eq!(done["status_details"], Value::Null);

    let reason = "max_output_tokens".to_owned();
    let client = response_with(ResponseFault::Incomplete { reason, after: Duration::ZERO });
    assert_eq!(client.types(), ["response.created", "response.done", "rate_limits.updated"]);
    let done = &client.one("response.done")["response"];
    assert_eq!((&done["status"], &done["output"]), (&json!("incomplete"), &json!([])));
    let details = json!({"type": "incomplete", "reason": "max_output_tokens"});
    assert_eq!(
        (&done["status_details"], &done["usage"]["output_tokens"]),
        (&details, &json!(4096))
    );
}

#[test]
fn prac_7_five_responses_in_a_row_fail_and_the_sixth_does_not() {
    let failed =
        ResponseFault::Failed { kind: "server_error".to_owned(), code: None, message: None };
    let behaviour = Behaviour { responses: vec![failed; 5], ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying(WORDS, None));
    for _ in 0..6 {
        client.send(json!({"type": "response.create"}));
        client.run(Duration::from_secs(5));
    }
    let status = |event: &Value| event["response"]["status"].as_str().unwrap().to_owned();
    let all: Vec<String> = client.all("response.done").map(status).collect();
    assert_eq!(all, ["failed", "failed", "failed", "failed", "failed", "completed"]);
    assert!(client.all("error").next().is_none());
}

#[test]
fn prac_7_every_response_fails_for_want_of_quota() {
    let other_responses = ResponseFault::no_quota();
    let responses = vec![ResponseFault::None];
    let behaviour = Behaviour { responses, other_responses, ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying(WORDS, None));
    for _ in 0..9 {
        client.send(json!({"type": "response.create"}));
        client.run(Duration::from_secs(5));
    }
    let done: Vec<&Value> = client.all("response.done").map(|event| &event["response"]).collect();
    assert_eq!(done[0]["status"], "completed", "the greeting's");
    for response in &done[1..] {
        assert_eq!(response["status_details"]["error"]["type"], "insufficient_quota");
        assert_eq!(response["status_details"]["error"]["code"], "insufficient_quota");
        assert_eq!((&response["output"], &response["usage"]), (&json!([]), &Value::Null));
    }
    assert_eq!(done.len(), 9);
}

#[test]
fn prac_7_the_content_filter_cuts_an_answer() {
    let reason = "content_filter".to_owned();
    let client =
        response_with(ResponseFault::Incomplete { reason, after: Duration::from_millis(500) });
    let done = &client.one("response.done")["response"];
    assert_eq!(done["status_details"], json!({"type": "incomplete", "reason": "content_filter"}));
    assert_eq!(done["output"][0]["status"], "incomplete");
}

#[test]
fn prac_7_an_answer_stalls_at_once_or_half_way() {
    let client = response_with(ResponseFault::StalledAfterCreated);
    assert_eq!(client.types(), ["response.created"]);
    let mut client = response_with(ResponseFault::StalledAfter(Duration::from_millis(800)));
    let audio = audio_by_item(&client).into_values().next().unwrap().len();
    assert!((6400..6400 + 4000).contains(&audio), "{audio} bytes");
    assert!(client.all("response.done").next().is_none());
    client.send(json!({"type": "response.cancel"}));
    client.run(Duration::from_secs(1));
    assert_eq!(client.one("response.done")["response"]["status"], "cancelled");
}

#[test]
fn prac_7_done_comes_late_and_until_then_the_response_is_active() {
    let late = ResponseFault::DoneLate(Duration::from_secs(30));
    let mut client = response_with(late.clone());
    assert_eq!(client.all("response.output_item.done").count(), 1);
    client.came.clear();
    client.send(json!({"type": "response.create"}));
    assert_eq!(client.error_code(), "conversation_already_has_active_response");
    client.run(Duration::from_secs(30));
    assert_eq!(client.one("response.done")["response"]["status"], "completed");

    let behaviour = Behaviour { responses: vec![late], ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying(WORDS, None));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_millis(400));
    client.send(json!({"type": "response.cancel"}));
    client.run(Duration::from_secs(1));
    client.came.clear();
    client.send(json!({"type": "response.cancel"}));
    assert_eq!(client.error_code(), "response_cancel_not_active");
    client.run(Duration::from_secs(30));
    assert_eq!(client.types(), ["response.done", "rate_limits.updated"]);
    assert_eq!(client.one("response.done")["response"]["status"], "cancelled");
}

#[test]
fn prac_7_events_come_in_the_other_order() {
    let behaviour = Behaviour { reorders: true, ..Behaviour::default() };
    let mut client = Client::ready(behaviour, saying(WORDS, None));
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_secs(5));
    let mut types = client.types();
    types.dedup();
    assert_eq!(
        types,
        [
            "response.created",
            "rate_limits.updated",
            "conversation.item.added",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_audio.delta",
            "response.output_audio_transcript.delta",
            "response.output_audio_transcript.done",
            "response.output_audio.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
    );
}

#[test]
fn prac_7_arguments_are_encoded_twice_or_followed_or_replaced_by_something() {
    let plain = json!({"q": "locks"}).to_string();
    for (arguments, written) in [
        (ArgumentsFault::DoubleEncoded, json!(plain).to_string()),
        (ArgumentsFault::FollowedBy("<|im_end|>".to_owned()), format!("{plain}<|im_end|>")),
        (ArgumentsFault::ReplacedBy("null".to_owned()), "null".to_owned()),
        (ArgumentsFault::ReplacedBy(String::new()), String::new()),
    ] {
        let client = call_with(Behaviour { arguments, ..Behaviour::default() }, json!({}));
        let deltas = client.all("response.function_call_arguments.delta");
        let deltas: String = deltas.map(|event| event["delta"].as_str().unwrap()).collect();
        assert_eq!(deltas, written);
        assert_eq!(client.one("response.function_call_arguments.done")["arguments"], written);
        assert_eq!(client.one("response.done")["response"]["output"][0]["arguments"], written);
    }
}

#[test]
fn prac_7_a_line_calls_a_tool_although_it_may_not() {
    let call = crate::openai::ToolCall { name: "lookup".to_owned(), arguments: json!({"q": "x"}) };
    let behaviour = Behaviour { calls_in_lines: Some(call), ..Behaviour::default() };
    let line = json!({"instructions": "Say exactly the following: \"\"\"Goodbye.\"\"\"",
        "tool_choice": "none"});
    let client = call_with(behaviour.clone(), line);
    let output = client.one("response.done")["response"]["output"].clone();
    assert_eq!(output[0]["content"][0]["transcript"], "Goodbye.");
    assert_eq!(
        (&output[1]["type"], &output[1]["name"]),
        (&json!("function_call"), &json!("lookup"))
    );
    let client = call_with(behaviour, json!({}));
    assert_eq!(
        client.all("response.function_call_arguments.done").count(),
        1,
        "the brain's own call"
    );
}

#[test]
fn prac_7_transcripts_come_out_of_order_and_deltas_follow_a_cancel() {
    let transcription = Transcription::OutOfOrder;
    let behaviour = Behaviour { transcription, late_deltas: 3, ..Behaviour::default() };
    let mut client = Client::ready(behaviour, Brain::Echo);
    let long = "a second sentence that is long enough to be cancelled";
    client.speak("one");
    client.speak(long);
    client.send(json!({"type": "response.create"}));
    client.run(Duration::from_millis(250));
    let completed = client.all("conversation.item.input_audio_transcription.completed");
    let transcripts: Vec<&Value> = completed.map(|event| &event["transcript"]).collect();
    assert_eq!(transcripts, [long, "one"]);
    client.came.clear();
    client.send(json!({"type": "response.cancel"}));
    client.run(Duration::from_secs(1));
    assert!(client.all("response.output_audio.delta").count() >= 3);
    assert_eq!(client.one("response.done")["response"]["status"], "cancelled");
}
