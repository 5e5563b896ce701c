use serde_json::json;

use super::*;

fn class(kind: &str, code: Option<&str>, message: &str) -> ErrorClass {
    ErrorEvent::from_value(&json!({"type": kind, "code": code, "message": message,
        "param": null, "event_id": null}))
    .class()
}

fn by_code_alone(code: &str) -> ErrorClass {
    class("invalid_request_error", Some(code), "")
}

#[test]
fn pipe_3_a_second_create_tells_which_response_is_active() {
    let code = Some("conversation_already_has_active_response");
    let message = "Conversation already has an active response in progress: resp_BX3f. Wait until \
                   the response is finished before creating a new one.";
    let response_id = ResponseId::parse("resp_BX3f").ok();
    assert_eq!(
        class("invalid_request_error", code, message),
        ErrorClass::AlreadyActive { response_id }
    );
    for unnamed in ["", "Conversation already has an active response"] {
        assert_eq!(
            class("invalid_request_error", code, unnamed),
            ErrorClass::AlreadyActive { response_id: None }
        );
    }
}

#[test]
fn res_3_what_trying_again_cannot_mend_is_fatal() {
    for (code, cause) in [
        ("invalid_api_key", FatalCause::BadKey),
        ("missing_model", FatalCause::BadModel),
        ("invalid_model", FatalCause::BadModel),
        ("model_not_found", FatalCause::BadModel),
        ("insufficient_quota", FatalCause::Quota),
        ("billing_hard_limit_reached", FatalCause::Quota),
        ("account_deactivated", FatalCause::AccountClosed),
        ("beta_api_shape_disabled", FatalCause::BetaShape),
    ] {
        assert_eq!(by_code_alone(code), ErrorClass::Fatal(cause), "{code}");
    }
    assert_eq!(
        class("invalid_request_error", None, "Missing bearer or basic authentication in header"),
        ErrorClass::Fatal(FatalCause::BadKey)
    );
    assert_eq!(class("insufficient_quota", None, ""), ErrorClass::Fatal(FatalCause::Quota));
}

#[test]
fn pipe_3_each_documented_code_has_its_class() {
    for (code, expected) in [
        ("response_cancel_not_active", ErrorClass::CancelNotActive),
        ("input_audio_buffer_commit_empty", ErrorClass::CommitEmpty),
        ("session_expired", ErrorClass::SessionExpired),
        ("rate_limit_exceeded", ErrorClass::RateLimited),
        ("inference_rate_limit_exceeded", ErrorClass::RateLimited),
        ("server_error", ErrorClass::ServerFault),
        ("unsupported_content_type", ErrorClass::NotTruncatable),
        ("item_truncate_invalid_item_id", ErrorClass::UnknownItem),
        ("item_delete_invalid_item_id", ErrorClass::UnknownItem),
        ("item_retrieve_invalid_item_id", ErrorClass::UnknownItem),
        ("invalid_json", ErrorClass::Rejected),
        ("invalid_event", ErrorClass::Rejected),
        ("invalid_value", ErrorClass::Rejected),
        ("unknown_parameter", ErrorClass::Rejected),
        ("missing_required_parameter", ErrorClass::Rejected),
        ("integer_below_min_value", ErrorClass::Rejected),
        ("string_above_max_length", ErrorClass::Rejected),
        ("cannot_update_voice", ErrorClass::Rejected),
    ] {
        assert_eq!(by_code_alone(code), expected, "{code}");
    }
}

#[test]
fn pipe_3_an_error_without_a_code_is_known_by_its_message_or_its_type() {
    for (kind, message, expected) in [
        (
            "invalid_request_error",
            "Audio content of 3700ms is already shorter than 3760ms",
            ErrorClass::TruncateTooLong,
        ),
        (
            "invalid_request_error",
            "Only model output audio messages can be truncated",
            ErrorClass::NotTruncatable,
        ),
        (
            "invalid_request_error",
            "Your session hit the maximum duration of 60 minutes.",
            ErrorClass::SessionExpired,
        ),
        (
            "server_error",
            "The server had an error while processing your request",
            ErrorClass::ServerFault,
        ),
        ("rate_limit_error", "", ErrorClass::RateLimited),
        ("invalid_request_error", "something new", ErrorClass::Rejected),
        ("weather", "rain", ErrorClass::Other),
    ] {
        assert_eq!(class(kind, None, message), expected, "{kind}: {message}");
    }
    // The code of this one is not certain: the wording counts.
    assert_eq!(
        class(
            "invalid_request_error",
            Some("invalid_value"),
            "Audio content of 3ms is already shorter than 4ms"
        ),
        ErrorClass::TruncateTooLong
    );
}

#[test]
fn pipe_3_an_error_that_is_hardly_one_is_still_read() {
    for (error, message) in [(json!("boom"), "boom"), (json!({}), ""), (json!({"code": 7}), "")] {
        let event = ErrorEvent::from_value(&error);
        assert_eq!((event.message.as_str(), event.class()), (message, ErrorClass::Other));
    }
}

#[test]
fn res_3_a_close_is_fatal_by_its_code_or_by_its_reason_and_else_worth_another_try() {
    for (code, reason, expected) in [
        (Some(3000), "invalid_request_error.invalid_api_key", Some(FatalCause::BadKey)),
        (Some(3000), "invalid_request_error", Some(FatalCause::BadKey)),
        (Some(4000), "invalid_request_error.missing_model", Some(FatalCause::BadModel)),
        (Some(4000), "invalid_request_error.beta_api_shape_disabled", Some(FatalCause::BetaShape)),
        (Some(4000), "", Some(FatalCause::Refused)),
        (Some(4004), "", Some(FatalCause::BadModel)),
        (Some(1008), "insufficient_quota.insufficient_quota", Some(FatalCause::Quota)),
        // How an expired session closes is not known: it must never read as fatal.
        (Some(4000), "invalid_request_error.session_expired", None),
        (Some(4000), "Your session hit the maximum duration of 60 minutes.", None),
        (Some(4000), "server_error", None),
        (Some(1000), "", None),
        (Some(1005), "", None),
        (Some(1011), "keepalive ping timeout", None),
        (None, "", None),
    ] {
        let expected = expected.map_or(ConnectionClass::Retryable, ConnectionClass::Fatal);
        assert_eq!(close_class(code, reason), expected, "{code:?} {reason}");
    }
}

#[test]
fn res_3_a_refused_upgrade_is_tried_again_only_where_that_can_help() {
    for status in [408, 429, 500, 502, 503, 529] {
        assert_eq!(http_class(status), ConnectionClass::Retryable, "{status}");
    }
    assert_eq!(http_class(401), ConnectionClass::Fatal(FatalCause::BadKey));
    for status in [200, 302, 400, 403, 404] {
        assert_eq!(http_class(status), ConnectionClass::Fatal(FatalCause::Refused), "{status}");
    }
}
