use serde_json::json;

use super::*;
use crate::openai::fault::FatalCause;

fn done(response: Value) -> ResponseDone {
    ResponseDone::from_value(&response).unwrap()
}

fn status(status: &str, details: Value) -> ResponseStatus {
    done(json!({"id": "resp_1", "status": status, "status_details": details})).status
}

fn call(call_id: &str, status: Option<&str>) -> Value {
    let mut item = json!({"id": format!("item_{call_id}"), "type": "function_call",
        "call_id": call_id, "name": "call_control", "arguments": "{}"});
    if let Some(status) = status {
        item["status"] = json!(status);
    }
    item
}

fn runnable(status: &str, output: Value) -> Vec<String> {
    let done = done(json!({"id": "resp_1", "status": status, "output": output}));
    done.runnable_calls().map(|call| call.call_id.to_string()).collect()
}

#[test]
fn prompt_4_a_cut_answer_says_what_cut_it() {
    for (reason, expected) in [
        ("max_output_tokens", IncompleteReason::MaxOutputTokens),
        ("content_filter", IncompleteReason::ContentFilter),
        ("eclipse", IncompleteReason::Other("eclipse".to_owned())),
    ] {
        let expected = ResponseStatus::Incomplete(expected);
        assert_eq!(status("incomplete", json!({"type": "incomplete", "reason": reason})), expected);
        // Details have come as a bare string.
        assert_eq!(status("incomplete", json!(reason)), expected);
    }
}

#[test]
fn barge_3_a_cancelled_response_says_who_cancelled_it() {
    for (reason, expected) in
        [("client_cancelled", CancelReason::Client), ("turn_detected", CancelReason::TurnDetected)]
    {
        assert_eq!(
            status("cancelled", json!({"type": "cancelled", "reason": reason})),
            ResponseStatus::Cancelled(expected)
        );
    }
    assert_eq!(
        status("cancelled", Value::Null),
        ResponseStatus::Cancelled(CancelReason::Other(String::new()))
    );
}

#[test]
fn pipe_3_a_failed_response_is_asked_for_again_unless_for_quota_or_filter() {
    for (kind, code, expected) in [
        ("insufficient_quota", Some("insufficient_quota"), FailureClass::Fatal(FatalCause::Quota)),
        ("insufficient_quota", None, FailureClass::Fatal(FatalCause::Quota)),
        (
            "invalid_request_error",
            Some("billing_hard_limit_reached"),
            FailureClass::Fatal(FatalCause::Quota),
        ),
        ("invalid_request_error", Some("content_filter"), FailureClass::Filter),
        ("invalid_request_error", Some("inference_rate_limit_exceeded"), FailureClass::Retryable),
        ("rate_limit_exceeded", Some("rate_limit_exceeded"), FailureClass::Retryable),
        ("server_error", None, FailureClass::Retryable),
    ] {
        let error = json!({"type": kind, "code": code, "message": "m"});
        let ResponseStatus::Failed(failure) = status("failed", json!({"error": error})) else {
            panic!("not failed");
        };
        assert_eq!(failure.message, "m");
        assert_eq!(failure.class(), expected, "{kind} {code:?}");
    }
}

#[test]
fn pipe_3_a_failure_without_details_or_in_a_bare_string_is_retryable() {
    for (details, message) in [(Value::Null, ""), (json!("it broke"), "it broke")] {
        let ResponseStatus::Failed(failure) = status("failed", details) else {
            panic!("not failed");
        };
        assert_eq!((failure.message.as_str(), failure.class()), (message, FailureClass::Retryable));
    }
}

#[test]
fn pipe_3_a_response_with_nothing_but_an_id_is_over_all_the_same() {
    let bare = done(json!({"id": "resp_1"}));
    assert_eq!(bare.status, ResponseStatus::Unknown(String::new()));
    assert_eq!(bare.usage, Usage::default());
    assert!(bare.output.is_empty() && bare.metadata.is_empty());
    assert_eq!(ResponseDone::from_value(&json!({"status": "completed"})), None);
}

#[test]
fn pipe_3_what_cannot_be_read_in_a_response_is_left_out_of_it() {
    let response = done(json!({"id": "resp_1", "status": "completed", "usage": "none",
        "metadata": {"ask": "7", "odd": 8},
        "output": [{"type": "message"}, 5, call("call_1", Some("completed"))]}));
    assert_eq!(response.metadata, Metadata::from([("ask".to_owned(), "7".to_owned())]));
    assert_eq!(response.output.len(), 1);
}

#[test]
fn end_2_calls_of_a_completed_response_are_run_in_their_order() {
    let output = json!([
        {"id": "item_A", "type": "message", "role": "assistant", "content": []},
        call("call_2", Some("completed")),
        call("call_1", None),
    ]);
    assert_eq!(runnable("completed", output), ["call_2", "call_1"]);
}

#[test]
fn end_2_a_call_that_was_cut_off_is_never_run() {
    let whole = json!([call("call_1", Some("completed"))]);
    for status in ["cancelled", "incomplete", "failed", "in_progress", "odd"] {
        assert!(runnable(status, whole.clone()).is_empty(), "{status}");
    }
    let cut = json!([call("call_1", Some("incomplete")), call("call_2", Some("in_progress"))]);
    assert!(runnable("completed", cut).is_empty());
}
