//! Responses that leave their asks unserved: what is deleted, and how they are asked for again.

use protocol::openai::fault::FatalCause;
use protocol::response_gate::{ScriptedLine, Wording};

use super::*;

fn again(number: u64, manner: Manner) -> RealtimeOrder {
    let want = Want::Answer(Reply::Turn(ItemId::parse("item_1").unwrap()));
    RealtimeOrder::Ask(Ask { number: AskNumber(number), want, manner })
}

fn greeting(number: u64) -> RealtimeOrder {
    let (line, text) = (ScriptedLine::Greeting, "שלום".to_owned());
    let want = Want::Line { line, text, wording: Wording::Exact };
    RealtimeOrder::Ask(Ask { number: AskNumber(number), want, manner: Manner::default() })
}

fn message(id: &str) -> Value {
    json!({"id": id, "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "never heard"}]})
}

fn call(id: &str, name: &str) -> Value {
    json!({"id": id, "type": "function_call", "status": "completed", "call_id": "call_1",
        "name": name, "arguments": "{}"})
}

fn deleted(sent: Vec<Sent>) -> Vec<String> {
    let item = |sent| match sent {
        Sent::Event(event) if event["type"] == "conversation.item.delete" => {
            Some(event["item_id"].as_str().unwrap().to_owned())
        }
        Sent::Event(_) | Sent::GoLive => None,
    };
    sent.into_iter().filter_map(item).collect()
}

/// The end of the only response.
fn ended(harness: &mut Harness) -> (Outcome, Vec<String>) {
    let ends = harness.reports().into_iter().filter_map(|event| {
        let Event::ResponseEnded { outcome, calls, .. } = event else { return None };
        Some((outcome, calls.into_iter().map(|call| call.name).collect()))
    });
    only(ends.collect()).expect("one end")
}

#[test]
fn pipe_9_a_text_is_deleted_and_then_asked_for_as_speech_with_the_whole_prompt() {
    let mut harness = Harness::live();
    harness.order(&answer(1, "item_1"));
    let metadata = harness.create_response("resp_1");
    harness.receive(&json!({"type": "response.output_item.added", "response_id": "resp_1",
        "output_index": 0, "item": message("item_a")}));
    harness.is_done("resp_1", &metadata, "completed", &json!([message("item_a")]));
    assert_eq!(deleted(harness.sent()), ["item_a"]);
    assert_eq!(ended(&mut harness), (Outcome::Unspoken, vec![]));

    let manner = Manner { attempt: 1, must_speak: true, unlimited: false };
    harness.order(&again(1, manner));
    let Some(Sent::Event(create)) = only(harness.sent()) else { panic!("no response.create") };
    let instructions = create["response"]["instructions"].as_str().unwrap();
    assert!(instructions.starts_with("answer") && instructions.contains("aloud"), "{instructions}");
    assert_eq!(create["response"].get("max_output_tokens"), None, "{create}");
}

#[test]
fn pipe_9_after_all_tokens_were_spent_the_next_has_no_limit() {
    let mut harness = Harness::live();
    harness.order(&again(1, Manner { attempt: 1, must_speak: true, unlimited: true }));
    let Some(Sent::Event(create)) = only(harness.sent()) else { panic!("no response.create") };
    assert_eq!(create["response"]["max_output_tokens"], "inf");
}

#[test]
fn pipe_12_tools_that_a_line_was_not_offered_are_not_run_and_their_calls_are_deleted() {
    let mut harness = Harness::live();
    harness.order(&greeting(1));
    let metadata = harness.create_response("resp_1");
    harness.receive(&json!({"type": "response.function_call_arguments.done",
        "response_id": "resp_1", "item_id": "item_c", "output_index": 1, "call_id": "call_1",
        "name": "call_control", "arguments": "{}"}));
    harness.is_done("resp_1", &metadata, "completed", &json!([call("item_c", "call_control")]));
    assert_eq!(deleted(harness.sent()), ["item_c"]);
    let made = |event: &Event| matches!(event, Event::CallMade { .. });
    let reports = harness.reports();
    assert!(!reports.iter().any(made), "{reports:?}");
    assert!(
        reports.iter().any(|event| matches!(event,
            Event::ResponseEnded { outcome: Outcome::Unspoken, calls, .. } if calls.is_empty())),
        "{reports:?}"
    );
}

#[test]
fn pipe_9_a_call_of_a_tool_that_there_is_not_serves_nothing_unless_something_was_said() {
    for (speaks, served, calls, gone) in [
        (false, Outcome::Unspoken, vec![], vec!["item_c".to_owned()]),
        (true, Outcome::Completed, vec!["fly".to_owned()], vec![]),
    ] {
        let mut harness = Harness::live();
        harness.order(&answer(1, "item_1"));
        let metadata = harness.create_response("resp_1");
        if speaks {
            harness.audio_begins("resp_1", "item_a");
        }
        harness.is_done("resp_1", &metadata, "completed", &json!([call("item_c", "fly")]));
        assert_eq!(ended(&mut harness), (served, calls));
        assert_eq!(deleted(harness.sent()), gone);
    }
}

#[test]
fn pipe_10_a_response_that_fails_for_good_ends_the_session_for_good() {
    for (code, cause) in [
        ("insufficient_quota", FatalCause::Quota),
        ("invalid_api_key", FatalCause::BadKey),
        ("model_not_found", FatalCause::BadModel),
        ("invalid_voice", FatalCause::BadVoice),
    ] {
        let mut harness = Harness::live();
        harness.order(&answer(1, "item_1"));
        let metadata = harness.create_response("resp_1");
        let error = json!({"type": "invalid_request_error", "code": code, "message": "no"});
        let action = harness.receive(&json!({"type": "response.done", "response": {
            "id": "resp_1", "status": "failed", "output": [], "metadata": metadata,
            "status_details": {"type": "failed", "error": error}}}));
        assert_eq!(action, SessionAction::End(SessionFault::Lasting(cause)), "{code}");
    }
}

#[test]
fn pipe_10_settings_that_are_refused_for_their_voice_are_a_fault_of_the_voice() {
    for (param, cause) in [
        ("session.audio.output.voice", FatalCause::BadVoice),
        ("session.tools[0]", FatalCause::Refused),
    ] {
        let mut harness = Harness::new();
        harness.configure();
        let action = harness.receive(&json!({"type": "error", "error": {
            "type": "invalid_request_error", "code": "invalid_value", "message": "no",
            "param": param, "event_id": "configure-1"}}));
        assert_eq!(action, SessionAction::End(SessionFault::Lasting(cause)), "{param}");
    }
}

#[test]
fn pipe_9_a_session_is_renewed_by_order_once() {
    let mut harness = Harness::live();
    let renew = RealtimeOrder::Renew { session: 1, why: Renewal::SaysNothing };
    let action = harness.session.on_order(&renew, harness.now);
    assert_eq!(action, SessionAction::End(SessionFault::Passing));
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    harness.go_live();
    harness.order(&renew);
}

fn unnamed_error(kind: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "code": null, "param": null, "event_id": null,
        "message": "The server had an error while processing your request."}})
}

fn already_active(event_id: &str) -> Value {
    json!({"type": "error", "error": {"type": "invalid_request_error", "event_id": event_id,
        "code": "conversation_already_has_active_response",
        "message": "Conversation already has an active response in progress: resp_1."}})
}

#[test]
fn pipe_10_an_error_that_names_no_event_of_ours_fails_the_response_that_is_asked_for() {
    for kind in ["server_error", "rate_limit_error", "unheard_of"] {
        let mut harness = Harness::live();
        harness.order(&answer(1, "item_1"));
        harness.receive(&unnamed_error(kind));
        assert_eq!(ended(&mut harness), (Outcome::Failed, vec![]), "{kind}");
    }
}

#[test]
fn pipe_10_an_error_that_is_about_something_else_fails_no_response() {
    let named = |id: &str| {
        let mut error = unnamed_error("server_error");
        error["error"]["event_id"] = json!(id);
        error
    };
    // Audio has no ids. What is wrong with it is an invalid request.
    for error in [unnamed_error("invalid_request_error"), named("item-3"), named("delete-item_1")] {
        let mut harness = Harness::live();
        harness.order(&answer(1, "item_1"));
        harness.receive(&error);
        assert_eq!(harness.reports(), [], "{error}");
    }
    // The one that runs may go on.
    let mut harness = Harness::live();
    harness.order(&answer(1, "item_1"));
    harness.create_response("resp_1");
    harness.reports();
    harness.receive(&unnamed_error("server_error"));
    assert_eq!(harness.reports(), []);
}

#[test]
fn pipe_3_a_response_that_comes_in_spite_of_an_error_serves_its_ask_and_none_is_asked_for_again() {
    for asked_again in [false, true] {
        let mut harness = Harness::live();
        harness.order(&answer(1, "item_1"));
        let Some(Sent::Event(create)) = only(harness.sent()) else { panic!("no response.create") };
        harness.receive(&unnamed_error("server_error"));
        harness.reports();
        let manner = Manner { attempt: 1, ..Manner::default() };
        if asked_again {
            harness.order(&again(1, manner));
            assert_eq!(harness.sent().len(), 1);
        }
        let metadata = create["response"]["metadata"].clone();
        harness.receive(&json!({"type": "response.created",
            "response": {"id": "resp_1", "metadata": metadata}}));
        let (response, asks) = (ResponseId::parse("resp_1").unwrap(), vec![AskNumber(1)]);
        assert_eq!(harness.reports(), [Event::ResponseStarted { response, asks }]);
        if !asked_again {
            harness.order(&again(1, manner));
        }
        harness.receive(&already_active("request-2"));
        harness.is_done("resp_1", &metadata, "completed", &json!([]));
        assert_eq!(harness.sent(), [], "asked again: {asked_again}");
    }
}

#[test]
fn pipe_3_a_response_that_a_refusal_names_before_it_begins_is_the_one_that_was_given_up() {
    let mut harness = Harness::live();
    harness.order(&answer(1, "item_1"));
    let Some(Sent::Event(create)) = only(harness.sent()) else { panic!("no response.create") };
    harness.receive(&unnamed_error("server_error"));
    harness.order(&again(1, Manner { attempt: 1, ..Manner::default() }));
    harness.sent();
    harness.reports();
    harness.receive(&already_active("request-2"));
    let (response, asks) = (ResponseId::parse("resp_1").unwrap(), vec![AskNumber(1)]);
    assert_eq!(harness.reports(), [Event::ResponseStarted { response, asks }]);
    let metadata = &create["response"]["metadata"];
    harness.receive(&json!({"type": "response.created",
        "response": {"id": "resp_1", "metadata": metadata}}));
    harness.is_done("resp_1", metadata, "completed", &json!([]));
    assert_eq!(harness.sent(), [], "it is not asked for again");
}
