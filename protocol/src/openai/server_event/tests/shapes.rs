//! Each documented event of the session and the conversation, read from its documented shape.

use super::*;

pub(super) fn documented_types() -> Vec<&'static str> {
    vec![
        "session.created",
        "session.updated",
        "error",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.deleted",
        "conversation.item.truncated",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.input_audio_transcription.failed",
        "response.created",
        "response.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.done",
        "response.function_call_arguments.done",
        "rate_limits.updated",
    ]
}

#[test]
fn call_4_the_session_is_created_and_then_updated_with_its_whole_configuration() {
    let session = json!({"type": "realtime", "object": "realtime.session", "id": "sess_1",
        "model": "gpt-realtime-2.1", "expires_at": 1_795_003_600,
        "audio": {"input": {"format": {"type": "audio/pcmu"}}}});
    let expires_at = Timestamp::from_second(1_795_003_600).ok();
    assert_eq!(
        read(json!({"type": "session.created", "event_id": "event_1", "session": session})),
        ServerEvent::SessionCreated { expires_at }
    );
    assert_eq!(
        read(json!({"type": "session.updated", "event_id": "event_2", "session": session})),
        ServerEvent::SessionUpdated { session, expires_at }
    );
    assert_eq!(
        read(json!({"type": "session.created", "session": {"expires_at": i64::MAX}})),
        ServerEvent::SessionCreated { expires_at: None }
    );
}

#[test]
fn pipe_3_an_error_names_the_event_of_ours_that_it_is_about() {
    let event = read(json!({"type": "error", "event_id": null, "error": {
        "type": "invalid_request_error", "code": "unknown_parameter",
        "message": "Unknown parameter: 'session.bogus'.", "param": "session.bogus",
        "event_id": "su_1"}}));
    let ServerEvent::Error(error) = event else { panic!("{event:?}") };
    assert_eq!(error.event_id.as_deref(), Some("su_1"));
    assert_eq!(error.param.as_deref(), Some("session.bogus"));
    assert_eq!(error.class(), ErrorClass::Rejected);
}

#[test]
fn pipe_4_a_spoken_turn_is_started_stopped_and_committed() {
    assert_eq!(
        read(json!({"type": "input_audio_buffer.speech_started", "event_id": "event_1",
            "audio_start_ms": 1184, "item_id": "item_U"})),
        ServerEvent::SpeechStarted { audio_start_ms: 1_184, item_id: item("item_U") }
    );
    assert_eq!(
        read(json!({"type": "input_audio_buffer.speech_stopped", "event_id": "event_2",
            "audio_end_ms": 3008.5, "item_id": "item_U"})),
        ServerEvent::SpeechStopped { audio_end_ms: 3_008, item_id: item("item_U") }
    );
    for (previous, expected) in [(json!("item_T"), Some(item("item_T"))), (Value::Null, None)] {
        assert_eq!(
            read(json!({"type": "input_audio_buffer.committed", "event_id": "event_3",
                "item_id": "item_U", "previous_item_id": previous})),
            ServerEvent::Committed { item_id: item("item_U"), previous_item_id: expected }
        );
    }
}

#[test]
fn pipe_4_an_item_is_added_and_done_and_the_betas_created_is_the_same_as_added() {
    let shown = json!({"id": "item_U", "object": "realtime.item", "type": "message",
        "role": "user", "status": "completed",
        "content": [{"type": "input_audio", "transcript": null}]});
    let kept = ConversationItem {
        id: item("item_U"),
        status: Some(ItemStatus::Completed),
        kind: ItemKind::Message { role: Role::User, text: None },
    };
    let event = |event_type: &str| {
        read(json!({"type": event_type, "previous_item_id": "item_T", "item": shown}))
    };
    let previous_item_id = Some(item("item_T"));
    let added =
        ServerEvent::ItemAdded { item: kept.clone(), previous_item_id: previous_item_id.clone() };
    assert_eq!(event("conversation.item.added"), added);
    assert_eq!(event("conversation.item.created"), added);
    assert_eq!(
        event("conversation.item.done"),
        ServerEvent::ItemDone { item: kept, previous_item_id }
    );
}

#[test]
fn barge_3_deletes_and_truncates_are_confirmed() {
    assert_eq!(
        read(json!({"type": "conversation.item.deleted", "item_id": "item_A"})),
        ServerEvent::ItemDeleted { item_id: item("item_A") }
    );
    assert_eq!(
        read(json!({"type": "conversation.item.truncated", "item_id": "item_A",
            "content_index": 0, "audio_end_ms": 1240})),
        ServerEvent::ItemTruncated { item_id: item("item_A"), audio_end_ms: 1_240 }
    );
}

#[test]
fn pipe_5_the_callers_words_come_in_pieces_and_then_whole() {
    const KIND: &str = "conversation.item.input_audio_transcription";
    assert_eq!(
        read(json!({"type": format!("{KIND}.delta"), "item_id": "item_U", "content_index": 0,
            "delta": "של", "obfuscation": "k2"})),
        ServerEvent::TranscriptionDelta { item_id: item("item_U"), delta: "של".into() }
    );
    for (usage, expected) in [
        (
            json!({"type": "tokens", "input_tokens": 17, "output_tokens": 4, "total_tokens": 21,
                "input_token_details": {"audio_tokens": 15, "text_tokens": 2}}),
            Some(TranscriptionUsage::Tokens { audio_in: 15, text_out: 4 }),
        ),
        (
            json!({"type": "duration", "seconds": 1.5}),
            Some(TranscriptionUsage::Duration { millis: 1_500 }),
        ),
        (Value::Null, None),
        (json!("odd"), None),
    ] {
        assert_eq!(
            read(json!({"type": format!("{KIND}.completed"), "item_id": "item_U",
                "content_index": 0, "transcript": "שלום", "usage": usage})),
            ServerEvent::TranscriptionCompleted {
                item_id: item("item_U"),
                transcript: "שלום".into(),
                usage: expected,
            }
        );
    }
}

#[test]
fn pipe_5_a_turn_that_could_not_be_written_down_says_why_and_is_no_error_of_the_session() {
    let event = read(json!({"type": "conversation.item.input_audio_transcription.failed",
        "item_id": "item_U", "content_index": 0,
        "error": {"type": "server_error", "code": "audio_unintelligible", "message": "m"}}));
    let ServerEvent::TranscriptionFailed { item_id, error } = event else { panic!("{event:?}") };
    assert_eq!(item_id, item("item_U"));
    assert_eq!(error.code.as_deref(), Some("audio_unintelligible"));
}

#[test]
fn ops_3_rate_limits_are_read_and_those_that_make_no_sense_are_left_out() {
    let limit = |name: &str, reset_after| RateLimit {
        name: name.to_owned(),
        limit: 40_000,
        remaining: 38_500,
        reset_after,
    };
    assert_eq!(
        read(json!({"type": "rate_limits.updated", "rate_limits": [
            {"name": "tokens", "limit": 40000, "remaining": 38500, "reset_seconds": 2.25},
            {"name": "audio_seconds", "limit": 40000, "remaining": 38500, "reset_seconds": -1},
            {"name": "requests"}]})),
        ServerEvent::RateLimits(vec![
            limit("tokens", Duration::from_millis(2_250)),
            limit("audio_seconds", Duration::ZERO),
        ])
    );
}
