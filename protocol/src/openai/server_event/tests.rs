//! The shapes are those of the API's documentation and of captures of its wire.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ids::ToolCallId;
use crate::openai::fault::ErrorClass;
use crate::openai::item::{FunctionCall, ItemKind, ItemStatus, Role};
use crate::openai::response_done::{CancelReason, ResponseStatus};
use crate::openai::usage::Usage;

mod response_shapes;
mod shapes;

fn read(event: Value) -> ServerEvent {
    let frame = event.to_string();
    match ServerFrame::parse(&frame).unwrap() {
        ServerFrame::Event(event) => event,
        ServerFrame::Audio(delta) => panic!("{delta:?}"),
    }
}

fn audio(frame: &str) -> AudioDelta<'_> {
    match ServerFrame::parse(frame).unwrap() {
        ServerFrame::Audio(delta) => delta,
        ServerFrame::Event(event) => panic!("{event:?}"),
    }
}

fn item(id: &str) -> ItemId {
    ItemId::parse(id).unwrap()
}

fn refused(event: Value) -> String {
    ServerFrame::parse(&event.to_string()).unwrap_err().to_string()
}

#[test]
fn pipe_1_an_audio_delta_is_borrowed_from_its_frame() {
    let frame = r#"{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_P",
        "item_id":"item_A","output_index":0,"content_index":0,"delta":"//8A","obfuscation":"x9"}"#;
    let Cow::Borrowed(delta) = audio(frame).delta else { panic!("not a borrowed delta") };
    assert!(frame.as_bytes().as_ptr_range().contains(&delta.as_ptr()));
    assert_eq!(delta, "//8A");
}

#[test]
fn pipe_1_an_audio_delta_is_borrowed_whatever_the_order_of_its_keys() {
    let fields = [
        r#""type":"response.output_audio.delta""#,
        r#""response_id":"resp_P""#,
        r#""item_id":"item_A""#,
        r#""delta":"//8A""#,
        r#""note":{"type":"response.done","delta":"no"}"#,
    ];
    for turn in 0..fields.len() {
        let mut turned = fields;
        turned.rotate_left(turn);
        let frame = format!("{{{}}}", turned.join(" , "));
        let read = audio(&frame);
        assert!(matches!(read.delta, Cow::Borrowed("//8A")), "{frame}");
        assert_eq!((read.response_id.as_str(), read.item_id.as_str()), ("resp_P", "item_A"));
    }
}

#[test]
fn pipe_1_an_audio_delta_with_json_escapes_is_copied() {
    let frame = r#"{"type":"response.output_audio.delta","response_id":"resp_P","item_id":"item_A",
        "content_index":0,"delta":"\/\/8A"}"#;
    assert_eq!(audio(frame).delta, "//8A");
}

#[test]
fn an_owned_event_can_be_sent_to_another_task() {
    fn sendable<T: Send + 'static>() {}
    sendable::<ServerEvent>();
}

#[test]
fn pipe_3_an_unknown_event_is_tolerated_whatever_its_fields_hold() {
    for event_type in ["response.hologram.delta", "conversation.item.folded", "weather", ""] {
        let event = json!({"type": event_type, "item_id": 5, "delta": {"x": [1]}, "name": [null],
            "response": "odd", "audio_start_ms": true, "error": 1.5, "transcript": -1});
        assert_eq!(read(event), ServerEvent::Unknown { event_type: event_type.into() });
    }
}

#[test]
fn pipe_3_events_of_the_api_that_are_of_no_use_are_not_unknown() {
    for event_type in [
        "conversation.created",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.deleted",
        "conversation.item.done",
        "conversation.item.retrieved",
        "conversation.item.truncated",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.segment",
        "rate_limits.updated",
        "response.output_item.done",
        "input_audio_buffer.cleared",
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.dtmf_event_received",
        "response.content_part.added",
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.text.delta",
        "response.text.done",
        "response.function_call_arguments.delta",
        "response.mcp_call.in_progress",
        "response.mcp_call_arguments.delta",
        "mcp_list_tools.completed",
        "output_audio_buffer.started",
    ] {
        assert_eq!(read(json!({"type": event_type})), ServerEvent::Ignored, "{event_type}");
    }
}

#[test]
fn ops_6_an_event_over_the_limit_is_refused_unread() {
    let at_limit = format!(r#"{{"type":"x","pad":"{}"}}"#, "a".repeat(MAX_EVENT_BYTES - 21));
    assert_eq!(at_limit.len(), MAX_EVENT_BYTES);
    assert!(ServerFrame::parse(&at_limit).is_ok());
    let over = at_limit + " ";
    assert!(matches!(
        ServerFrame::parse(&over),
        Err(MalformedEvent::TooLong(bytes)) if bytes == MAX_EVENT_BYTES + 1
    ));
}

#[test]
fn pipe_3_a_malformed_event_says_what_it_lacks() {
    assert_eq!(refused(json!({"event_id": "event_1"})), "an event without a type");
    assert_eq!(refused(json!({"type": 7})), "an event without a type");
    assert_eq!(
        refused(json!({"type": "input_audio_buffer.committed"})),
        "input_audio_buffer.committed without a usable item_id"
    );
    assert_eq!(
        refused(json!({"type": "response.done", "response": {"status": "completed"}})),
        "response.done without a usable response.id"
    );
    assert_eq!(
        refused(json!({"type": "input_audio_buffer.speech_stopped", "item_id": "item_A",
            "audio_end_ms": -5})),
        "input_audio_buffer.speech_stopped without a usable audio_end_ms"
    );
    assert!(
        refused(json!({"type": "input_audio_buffer.committed", "item_id": "no id"}))
            .starts_with("input_audio_buffer.committed: \"no id\" is not a conversation item's id")
    );
    assert!(matches!(ServerFrame::parse("{\"type\":"), Err(MalformedEvent::NotJson(_))));
}

#[test]
fn pipe_3_an_array_of_the_fields_values_is_not_an_event() {
    for text in [r#"["response.output_audio.delta"]"#, r#"["x"]"#, "[]", "7", "\"x\"", "null"] {
        assert!(matches!(ServerFrame::parse(text), Err(MalformedEvent::NotJson(_))), "{text}");
    }
}

#[test]
fn ops_6_what_was_said_in_a_malformed_event_stays_out_of_its_error() {
    let said = "my card is 4580";
    let event = json!({"type": "conversation.item.input_audio_transcription.completed",
        "transcript": said});
    assert!(!refused(event.clone()).contains(said));
    let cut = event.to_string();
    let error = ServerFrame::parse(&cut[..cut.len() - 1]).unwrap_err();
    assert!(!error.to_string().contains(said));
}

/// Any JSON, three levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["item_1", "completed", "message", "function_call", "tokens"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((field(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "id",
        "item_id",
        "response_id",
        "call_id",
        "previous_item_id",
        "status",
        "status_details",
        "output",
        "usage",
        "metadata",
        "type",
        "role",
        "content",
        "delta",
        "transcript",
        "name",
        "arguments",
        "error",
        "code",
        "message",
        "item",
        "response",
        "session",
        "expires_at",
        "rate_limits",
        "reset_seconds",
        "audio_start_ms",
        "audio_end_ms",
        "seconds",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn pipe_3_no_bytes_whatever_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = ServerFrame::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn pipe_3_no_contents_of_any_event_make_the_reader_panic(
        event in prop::sample::select(shapes::documented_types()),
        fields in prop::collection::vec((field(), any_json()), 0..10),
    ) {
        let mut fields: serde_json::Map<String, Value> = fields.into_iter().collect();
        fields.insert("type".to_owned(), event.into());
        let frame = Value::Object(fields).to_string();
        let _ = ServerFrame::parse(&frame);
    }

    #[test]
    fn pipe_3_an_event_of_unknown_type_is_never_malformed(
        fields in prop::collection::vec((field(), any_json()), 0..10),
    ) {
        let mut fields: serde_json::Map<String, Value> = fields.into_iter().collect();
        fields.insert("type".to_owned(), "response.new_in_2027".into());
        let frame = Value::Object(fields).to_string();
        let event_type = "response.new_in_2027".to_owned();
        let unknown = ServerFrame::Event(ServerEvent::Unknown { event_type });
        prop_assert_eq!(ServerFrame::parse(&frame).unwrap(), unknown);
    }
}
