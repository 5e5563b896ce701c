//! Each documented event of a response, read from its documented shape.

use super::*;

fn response(id: &str) -> ResponseId {
    ResponseId::parse(id).unwrap()
}

fn control_call() -> FunctionCall {
    FunctionCall {
        call_id: ToolCallId::parse("call_1").unwrap(),
        name: "call_control".to_owned(),
        arguments: "{\"should_end_call\":false}".to_owned(),
    }
}

/// The event with the ids that all parts of a response carry.
fn of_response(event_type: &str, extra: Value) -> Value {
    let mut event = json!({"type": event_type, "event_id": "event_1", "response_id": "resp_P",
        "item_id": "item_A", "output_index": 0, "content_index": 0});
    let fields = extra.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    event
}

#[test]
fn pipe_3_a_created_response_gives_back_the_metadata_of_its_request() {
    for (sent, kept) in [
        (json!({"ask": "7"}), Metadata::from([("ask".to_owned(), "7".to_owned())])),
        (Value::Null, Metadata::new()),
    ] {
        assert_eq!(
            read(json!({"type": "response.created", "response": {"id": "resp_P",
                "object": "realtime.response", "status": "in_progress", "status_details": null,
                "output": [], "conversation_id": "conv_1", "usage": null, "metadata": sent}})),
            ServerEvent::ResponseCreated { response_id: response("resp_P"), metadata: kept }
        );
    }
}

#[test]
fn pipe_1_the_agents_audio_and_words_are_read_under_both_names_and_keyed_by_item() {
    let (response_id, item_id) = (response("resp_P"), item("item_A"));
    for prefix in ["output_audio", "audio"] {
        let event = |kind: &str, extra: Value| {
            read(of_response(&format!("response.{prefix}{kind}"), extra))
        };
        let delta = json!({"delta": "//8A", "content_index": 1});
        let frame = of_response(&format!("response.{prefix}.delta"), delta).to_string();
        assert_eq!(
            audio(&frame),
            AudioDelta {
                response_id: response_id.clone(),
                item_id: item_id.clone(),
                delta: "//8A".into(),
            }
        );
        assert_eq!(
            event(".done", json!({})),
            ServerEvent::AudioDone { response_id: response_id.clone(), item_id: item_id.clone() }
        );
        assert_eq!(
            event("_transcript.delta", json!({"delta": "Hel"})),
            ServerEvent::AudioTranscriptDelta { item_id: item_id.clone(), delta: "Hel".into() }
        );
        assert_eq!(
            event("_transcript.done", json!({"transcript": "Hello"})),
            ServerEvent::AudioTranscriptDone {
                item_id: item_id.clone(),
                transcript: "Hello".into(),
            }
        );
    }
}

#[test]
fn end_2_an_item_of_a_response_is_known_as_speech_or_as_a_call_when_it_begins() {
    let shown = |kind: Value| {
        let mut item = json!({"id": "item_A", "status": "in_progress", "content": []});
        item.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        item
    };
    let call = json!({"type": "function_call", "call_id": "call_1", "name": "call_control",
        "arguments": "{\"should_end_call\":false}"});
    let speech = json!({"type": "message", "role": "assistant"});
    for (item_json, kind) in [
        (shown(speech), ItemKind::Message { role: Role::Assistant }),
        (shown(call), ItemKind::FunctionCall(control_call())),
    ] {
        let kept =
            ConversationItem { id: item("item_A"), status: Some(ItemStatus::InProgress), kind };
        let response_id = response("resp_P");
        let extra = json!({"item": item_json});
        assert_eq!(
            read(of_response("response.output_item.added", extra)),
            ServerEvent::OutputItemAdded { response_id, item: kept }
        );
    }
}

#[test]
fn end_2_a_calls_arguments_are_read_with_and_without_the_functions_name() {
    for name in [Some("call_control"), None] {
        let extra = json!({"call_id": "call_1", "name": name, "arguments": ""});
        assert_eq!(
            read(of_response("response.function_call_arguments.done", extra)),
            ServerEvent::FunctionCallArgumentsDone {
                response_id: response("resp_P"),
                name: name.map(str::to_owned),
                arguments: "".into(),
            }
        );
    }
}

#[test]
fn pipe_3_a_done_response_brings_its_items_its_calls_its_usage_and_its_metadata() {
    let event = read(json!({"type": "response.done", "event_id": "event_9", "response": {
        "id": "resp_P", "object": "realtime.response", "status": "completed",
        "status_details": null, "conversation_id": "conv_1", "output_modalities": ["audio"],
        "max_output_tokens": "inf", "metadata": {"ask": "7"},
        "output": [
            {"id": "item_A", "type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "output_audio", "transcript": "Hello"}]},
            {"id": "item_F", "type": "function_call", "status": "completed", "call_id": "call_1",
                "name": "call_control", "arguments": "{\"should_end_call\":false}"}],
        "usage": {"total_tokens": 410, "input_tokens": 300, "output_tokens": 110,
            "input_token_details": {"text_tokens": 180, "audio_tokens": 120, "image_tokens": 0,
                "cached_tokens": 192, "cached_tokens_details":
                    {"text_tokens": 128, "audio_tokens": 64, "image_tokens": 0}},
            "output_token_details": {"text_tokens": 24, "audio_tokens": 86}}}}));
    let ServerEvent::ResponseDone(done) = event else { panic!("{event:?}") };
    assert_eq!((&done.id, &done.status), (&response("resp_P"), &ResponseStatus::Completed));
    assert_eq!(done.output[0].kind, ItemKind::Message { role: Role::Assistant });
    assert_eq!(done.runnable_calls().collect::<Vec<_>>(), [&control_call()]);
    assert_eq!(done.metadata["ask"], "7");
    assert_eq!(
        done.usage,
        Usage {
            text_in: 180,
            text_cached: 128,
            audio_in: 120,
            audio_cached: 64,
            text_out: 24,
            audio_out: 86,
        }
    );
}

#[test]
fn barge_3_a_cancelled_response_ends_in_response_done() {
    let event = read(json!({"type": "response.done", "response": {"id": "resp_P",
        "status": "cancelled",
        "status_details": {"type": "cancelled", "reason": "client_cancelled"},
        "output": [{"id": "item_A", "type": "message", "role": "assistant",
            "status": "incomplete", "content": []}], "usage": null}}));
    let ServerEvent::ResponseDone(done) = event else { panic!("{event:?}") };
    assert_eq!(done.status, ResponseStatus::Cancelled(CancelReason::Client));
    assert_eq!(done.output[0].status, Some(ItemStatus::Incomplete));
}
