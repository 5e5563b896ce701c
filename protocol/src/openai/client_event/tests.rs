use proptest::prelude::*;

use super::*;
use crate::openai::scripted::scripted_instructions;
use crate::openai::session::tests::settings;

fn sent(event: &ClientEvent) -> Value {
    serde_json::from_str(&event.to_json()).unwrap()
}

fn item(text: &str) -> ItemId {
    ItemId::parse(text).unwrap()
}

fn created(item: NewItem) -> Value {
    let event_id = "ic_1".to_owned();
    sent(&ClientEvent::ItemCreate { event_id, after: None, item })
}

fn asked(response: ResponseSettings) -> Value {
    sent(&ClientEvent::ResponseCreate { event_id: "rc_1".to_owned(), response })
}

fn metadata() -> Metadata {
    Metadata::from([("ask".to_owned(), "7".to_owned())])
}

#[test]
fn call_4_a_session_update_carries_its_event_id_and_the_session() {
    let session = Box::new(settings());
    let event = ClientEvent::SessionUpdate { event_id: "su_1".to_owned(), session };
    assert_eq!(
        sent(&event),
        json!({"type": "session.update", "event_id": "su_1", "session": settings().to_value()})
    );
}

#[test]
fn res_3_history_goes_back_as_items_whose_text_is_named_by_the_role() {
    for (role, name, part) in [
        (Role::System, "system", "input_text"),
        (Role::User, "user", "input_text"),
        (Role::Assistant, "assistant", "output_text"),
    ] {
        let text = "שלום \"לך\"\n".to_owned();
        assert_eq!(
            created(NewItem::Text { id: None, role, text: text.clone() }),
            json!({"type": "conversation.item.create", "event_id": "ic_1", "item": {
                "type": "message", "role": name, "content": [{"type": part, "text": text}]}})
        );
    }
}

#[test]
fn res_3_an_item_can_be_given_an_id_and_a_place() {
    let event = ClientEvent::ItemCreate {
        event_id: "ic_2".to_owned(),
        after: Some(item("h_1")),
        item: NewItem::Text { id: Some(item("h_2")), role: Role::User, text: "hi".to_owned() },
    };
    assert_eq!(
        sent(&event),
        json!({"type": "conversation.item.create", "event_id": "ic_2",
             "previous_item_id": "h_1", "item": {"id": "h_2", "type": "message", "role": "user",
                "content": [{"type": "input_text", "text": "hi"}]}})
    );
}

#[test]
fn res_2_a_turn_without_a_transcript_goes_back_as_audio() {
    assert_eq!(
        created(NewItem::UserAudio { id: None, audio: "//8A".to_owned() }),
        json!({"type": "conversation.item.create", "event_id": "ic_1",
            "item": {"type": "message", "role": "user",
                "content": [{"type": "input_audio", "audio": "//8A"}]}})
    );
}

#[test]
fn res_3_a_tool_call_and_its_output_go_back_with_the_output_encoded_once() {
    let call_id = ToolCallId::parse("call_1").unwrap();
    let call = NewItem::FunctionCall(FunctionCall {
        call_id: call_id.clone(),
        name: "find_available_slots".to_owned(),
        arguments: r#"{"date_iso":"2026-12-01"}"#.to_owned(),
    });
    assert_eq!(
        created(call)["item"],
        json!({"type": "function_call", "call_id": "call_1", "name": "find_available_slots",
            "arguments": "{\"date_iso\":\"2026-12-01\"}"})
    );
    let output = NewItem::FunctionCallOutput { call_id, output: r#"{"slots":[]}"#.to_owned() };
    assert_eq!(
        created(output)["item"],
        json!({"type": "function_call_output", "call_id": "call_1", "output": "{\"slots\":[]}"})
    );
}

#[test]
fn barge_3_trap_openai_9_a_truncate_names_whole_milliseconds_of_one_item() {
    let event = ClientEvent::ItemTruncate {
        event_id: "tr_1".to_owned(),
        item_id: item("item_A"),
        audio_end_ms: 1_240,
    };
    assert_eq!(
        sent(&event),
        json!({"type": "conversation.item.truncate", "event_id": "tr_1", "item_id": "item_A",
            "content_index": 0, "audio_end_ms": 1240})
    );
}

#[test]
fn barge_3_an_item_of_which_nothing_was_played_is_deleted() {
    let event = ClientEvent::ItemDelete { event_id: "de_1".to_owned(), item_id: item("item_A") };
    assert_eq!(
        sent(&event),
        json!({"type": "conversation.item.delete", "event_id": "de_1", "item_id": "item_A"})
    );
}

#[test]
fn barge_3_a_cancel_names_its_response() {
    let response_id = ResponseId::parse("resp_1").unwrap();
    assert_eq!(
        sent(&ClientEvent::ResponseCancel { event_id: "ca_1".to_owned(), response_id }),
        json!({"type": "response.cancel", "event_id": "ca_1", "response_id": "resp_1"})
    );
}

#[test]
fn call_4_an_ordinary_response_overrides_nothing_of_the_session() {
    assert_eq!(
        asked(ResponseSettings::Conversation { insisting: None, metadata: metadata() }),
        json!({"type": "response.create", "event_id": "rc_1", "response": {"metadata": {"ask": "7"}}})
    );
    assert_eq!(
        asked(ResponseSettings::Conversation { insisting: None, metadata: Metadata::new() })["response"],
        json!({})
    );
}

#[test]
fn prompt_4_a_scripted_line_has_no_limit_no_tools_no_context_and_the_sessions_voice() {
    let instructions = scripted_instructions("בשמחה, להתראות!");
    assert_eq!(
        asked(ResponseSettings::Scripted {
            instructions: instructions.clone(),
            metadata: metadata()
        }),
        json!({"type": "response.create", "event_id": "rc_1", "response": {
            "input": [], "instructions": instructions, "tool_choice": "none",
            "max_output_tokens": "inf", "metadata": {"ask": "7"}}})
    );
}

proptest! {
    #[test]
    fn pipe_1_a_payload_goes_into_its_append_byte_for_byte(payload in "[A-Za-z0-9+/]{0,400}={0,2}") {
        let mut frame = BytesMut::new();
        write_append(&mut frame, &payload);
        let read: Value = serde_json::from_slice(&frame).unwrap();
        prop_assert_eq!(read, json!({"type": "input_audio_buffer.append", "audio": payload}));
    }
}

#[test]
fn pipe_1_an_append_is_written_behind_what_the_buffer_holds() {
    let mut frames = BytesMut::from("x");
    write_append(&mut frames, "//8=");
    assert_eq!(&frames[..], br#"x{"type":"input_audio_buffer.append","audio":"//8="}"#);
}
