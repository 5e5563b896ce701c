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
        "conversation.item.input_audio_transcription.completed",
        "conversation.item.input_audio_transcription.failed",
        "response.created",
        "response.done",
        "response.output_item.added",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.done",
        "response.function_call_arguments.done",
    ]
}

#[test]
fn call_4_the_session_is_created_and_then_updated_with_its_whole_configuration() {
    let session = json!({"type": "realtime", "object": "realtime.session", "id": "sess_1",
        "model": "gpt-realtime-2.1", "expires_at": 1_795_003_600,
        "audio": {"input": {"format": {"type": "audio/pcmu"}}}});
    assert_eq!(
        read(json!({"type": "session.created", "event_id": "event_1", "session": session})),
        ServerEvent::SessionCreated
    );
    assert_eq!(
        read(json!({"type": "session.updated", "event_id": "event_2", "session": session})),
        ServerEvent::SessionUpdated { session }
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
    for previous in [json!("item_T"), Value::Null] {
        assert_eq!(
            read(json!({"type": "input_audio_buffer.committed", "event_id": "event_3",
                "item_id": "item_U", "previous_item_id": previous})),
            ServerEvent::Committed { item_id: item("item_U") }
        );
    }
}

#[test]
fn pipe_5_a_transcript_brings_the_callers_words_and_what_is_billed() {
    const KIND: &str = "conversation.item.input_audio_transcription";
    for (usage, expected) in [
        (
            json!({"type": "tokens", "input_tokens": 17, "output_tokens": 4, "total_tokens": 21,
                "input_token_details": {"audio_tokens": 15, "text_tokens": 2}}),
            Some(Duration::from_millis(1_500)),
        ),
        (json!({"type": "duration", "seconds": 1.5}), Some(Duration::from_millis(1_500))),
        (Value::Null, None),
        (json!("odd"), None),
    ] {
        assert_eq!(
            read(json!({"type": format!("{KIND}.completed"), "item_id": "item_U",
                "content_index": 0, "transcript": "שלום", "usage": usage})),
            ServerEvent::TranscriptionCompleted {
                item_id: item("item_U"),
                transcript: "שלום".into(),
                billed: expected,
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
