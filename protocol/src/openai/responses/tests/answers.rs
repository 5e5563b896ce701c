//! Answers, as they come and as they should not.

use proptest::prelude::*;

use super::*;
use crate::business::LeadStatus;
use crate::openai::fault::{FailureClass, FatalCause};
use crate::openai::response_done::IncompleteReason;
use crate::openai::usage::cost_micro_usd;

fn reply_text() -> String {
    json!({
        "reply": "בשמחה, מחר בעשר.",
        "control": {
            "should_end_call": false, "end_reason": null, "lead_status": "in_progress",
            "missing_fields": ["city"], "notes": "",
        },
    })
    .to_string()
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}]})
}

fn call(name: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name,
        "arguments": arguments, "status": "completed"})
}

/// A response with everything that the SDK's types have and this project reads.
pub(super) fn response(output: Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 1_795_000_000, "status": "completed",
        "error": null, "incomplete_details": null, "model": "gpt-6-luna", "output": output,
        "parallel_tool_calls": false, "tool_choice": "auto", "tools": [],
        "usage": {"input_tokens": 1_000, "input_tokens_details":
            {"cached_tokens": 600, "cache_write_tokens": 0}, "output_tokens": 100,
            "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 1_100},
    })
}

fn read(response: &Value) -> Outcome {
    read_answer(response.to_string().as_bytes(), &request()).outcome
}

fn read_text(text: &str) -> Outcome {
    read(&response(json!([message(text)])))
}

fn fault(outcome: Outcome) -> ReplyFault {
    let Outcome::Fault(fault) = outcome else { panic!("{outcome:?}") };
    fault
}

/// The reply with one place changed.
fn changed(path: &str, value: Option<Value>) -> String {
    let mut reply: Value = serde_json::from_str(&reply_text()).unwrap();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = reply.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(name.to_owned(), value),
        None => parent.remove(name),
    };
    reply.to_string()
}

#[test]
fn wa_4_a_reply_is_read_with_its_control() {
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    let unknown = json!({"type": "crystal_ball", "id": "cb_1"});
    let outcome = read(&response(json!([reasoning, unknown, message(&reply_text())])));
    let Outcome::Reply(reply) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reply.reply, "בשמחה, מחר בעשר.");
    assert!(!reply.control.should_end_call && reply.control.end_reason.is_none());
    assert_eq!(reply.control.lead_status, LeadStatus::InProgress);
    assert_eq!(reply.control.missing_fields, ["city"]);
    let arguments: Value = serde_json::from_str(&reply.control.arguments()).unwrap();
    assert_eq!(arguments["end_reason"], Value::Null);
}

#[test]
fn pipe_12_a_reply_is_read_kindly_where_it_is_clear_what_is_meant() {
    let reply = reply_text();
    for written in
        [json!(reply).to_string(), format!("{reply}<|im_end|>"), format!(" {reply}\n</s>")]
    {
        assert!(matches!(read_text(&written), Outcome::Reply(_)), "{written}");
    }
}

#[test]
fn wa_4_a_text_that_does_not_fit_the_schema_is_a_fault_that_says_what_is_wrong() {
    for (text, wrong) in [
        (changed("/reply", None), "reply"),
        (changed("/reply", Some(json!(1))), "reply"),
        (changed("/reply", Some(json!(" \u{7}\n"))), "reply"),
        (changed("/extra", Some(json!(1))), "extra"),
        (changed("/control", Some(json!([false, null, "in_progress", [], ""]))), "control"),
        (changed("/control/notes", None), "notes"),
        (changed("/control/notes", Some(Value::Null)), "notes"),
        (changed("/control/end_reason", None), "end_reason"),
        (changed("/control/end_reason", Some(json!("max_duration"))), "end_reason"),
        (changed("/control/end_reason", Some(json!("user_goodbye"))), "end_reason"),
        (changed("/control/lead_status", Some(json!("lost"))), "lead_status"),
        (changed("/control/missing_fields", Some(json!("city"))), "missing_fields"),
        (changed("/control/should_end_call", Some(json!("yes"))), "should_end_call"),
        (reply_text()[..40].to_owned(), "one JSON object"),
        ("בשמחה, מחר בעשר.".to_owned(), "one JSON object"),
        ("null".to_owned(), "reply"),
        ("[1]".to_owned(), "one JSON object"),
    ] {
        let fault = fault(read_text(&text));
        assert!(matches!(fault, ReplyFault::Misfit(_)), "{text}: {fault:?}");
        assert_eq!(fault.class(), FailureClass::Retryable);
        let note = fault.note().unwrap();
        assert!(note.contains(wrong), "{text}: {note}");
        assert!(!note.contains(" at line "), "{note}");
    }
}

#[test]
fn wa_4_an_end_is_read_as_it_is_claimed() {
    let mut reply: Value = serde_json::from_str(&reply_text()).unwrap();
    for claim in EndClaim::ALL {
        reply["control"]["should_end_call"] = json!(true);
        reply["control"]["end_reason"] = json!(claim);
        let outcome = read_text(&reply.to_string());
        let Outcome::Reply(read) = outcome else { panic!("{outcome:?}") };
        assert_eq!(read.control.end_reason, Some(claim));
        assert!(read.control.arguments().contains(claim.as_str()));
    }
    // An end without a reason is the daemon's to refuse (END-2).
    reply["control"]["end_reason"] = Value::Null;
    assert!(matches!(read_text(&reply.to_string()), Outcome::Reply(_)));
}

#[test]
fn wa_2_what_no_database_takes_is_not_in_a_reply_and_its_letters_stay() {
    let odd = "שורה\r\n\tשנייה\u{0}\u{202E} 👩\u{200D}💻 e\u{301} \u{200F}!";
    let outcome = read_text(&changed("/reply", Some(json!(odd))));
    let Outcome::Reply(reply) = outcome else { panic!("{outcome:?}") };
    assert_eq!(reply.reply, "שורה\n שנייה 👩\u{200D}💻 e\u{301} \u{200F}!");
}

#[test]
fn wa_4_calls_come_with_every_item_of_their_response_as_it_came() {
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": [],
        "encrypted_content": "gAAA"});
    let call = call("find_available_slots", r#""{\"date_iso\":\"2026-12-02\"}""#);
    let output = json!([reasoning, message("{\"reply\":\"half"), call]);
    let outcome = read(&response(output.clone()));
    let Outcome::Calls(calls) = outcome else { panic!("{outcome:?}") };
    let arguments = r#"{"date_iso":"2026-12-02"}"#.to_owned();
    let tool = Tool::named("find_available_slots").unwrap();
    assert_eq!(calls.calls[0].asked, Asked::Run { tool, arguments });
    let returned = |item: &HistoryItem| {
        let HistoryItem::Returned { item } = item else { panic!("{item:?}") };
        item.clone()
    };
    let items: Vec<Value> = calls.items.iter().map(returned).collect();
    assert_eq!(json!(items), output);
    let mut next = request();
    next.history.extend(calls.items);
    assert_eq!(next.to_value()["input"][6], reasoning);
}

#[test]
fn pipe_12_a_call_that_cannot_be_run_gets_its_output_at_once() {
    for (name, arguments, told) in [
        ("find_available_slots", "tomorrow", "one JSON object"),
        ("order_pizza", "{}", "order_pizza"),
        ("transfer_call", "{}", "transfer_call"),
        ("call_control", "{}", "call_control"),
    ] {
        let outcome = read(&response(json!([call(name, arguments)])));
        let Outcome::Calls(calls) = outcome else { panic!("{outcome:?}") };
        let Asked::Refused { output } = &calls.calls[0].asked else { panic!("{calls:?}") };
        assert!(output.contains(told), "{output}");
        serde_json::from_str::<Value>(output).unwrap();
    }
    let withheld = TextRequest { tools: Tools::Withheld, ..request() };
    let body = response(json!([call("find_available_slots", "{}")])).to_string();
    let Outcome::Calls(calls) = read_answer(body.as_bytes(), &withheld).outcome else { panic!() };
    assert!(matches!(calls.calls[0].asked, Asked::Refused { .. }));
}

#[test]
fn wa_4_a_refusal_does_not_fit_the_schema_and_its_words_go_nowhere() {
    let refused = json!({"type": "message", "id": "msg_1", "role": "assistant",
        "status": "completed", "content": [{"type": "refusal", "refusal": "I can't help with that"}]});
    let fault = fault(read(&response(json!([refused]))));
    assert_eq!(fault, ReplyFault::Refusal);
    assert!(!format!("{fault}").contains("help with that"));
    assert_eq!(fault.class(), FailureClass::Retryable);
}

#[test]
fn wa_4_half_an_answer_is_none_even_if_it_can_be_read() {
    let mut half = response(json!([message(&reply_text())]));
    half["status"] = json!("incomplete");
    for (reason, class) in [
        ("max_output_tokens", FailureClass::Retryable),
        ("content_filter", FailureClass::Filter),
        ("steered", FailureClass::Retryable),
    ] {
        half["incomplete_details"] = json!({ "reason": reason });
        let fault = fault(read(&half));
        assert_eq!(fault, ReplyFault::Incomplete(IncompleteReason::of(reason)));
        assert_eq!(fault.class(), class);
        assert!(fault.to_string().contains(reason));
    }
    let mut call = call("update_lead_details", "{\"full_name\":");
    call["status"] = json!("incomplete");
    assert_eq!(fault(read(&response(json!([call])))), ReplyFault::NoResponse);
    let body = response(json!([message(&reply_text())])).to_string();
    for cut in [0, 1, body.len() / 2, body.len() - 1] {
        let outcome = read_answer(&body.as_bytes()[..cut], &request()).outcome;
        assert_eq!(outcome, Outcome::Fault(ReplyFault::NoResponse), "{cut}");
    }
}

#[test]
fn wa_4_a_response_that_failed_says_whether_another_try_can_help() {
    let mut failed = response(json!([]));
    failed["status"] = json!("failed");
    for (code, class) in [
        ("server_error", FailureClass::Retryable),
        ("rate_limit_exceeded", FailureClass::Retryable),
        ("insufficient_quota", FailureClass::Fatal(FatalCause::Quota)),
        ("content_filter", FailureClass::Filter),
    ] {
        failed["error"] = json!({ "code": code, "message": "words" });
        let fault = fault(read(&failed));
        assert_eq!(fault.class(), class, "{code}");
        assert!(fault.to_string().contains(code) && !fault.to_string().contains("words"));
    }
}

#[test]
fn pipe_9_nothing_said_is_nothing_answered() {
    for output in [json!([]), json!([message("  ")]), json!([{"type": "reasoning", "id": "rs_1"}])]
    {
        assert_eq!(fault(read(&response(output))), ReplyFault::Empty);
    }
    for status in ["queued", "in_progress", "cancelled", "someday"] {
        let mut response = response(json!([message(&reply_text())]));
        response["status"] = json!(status);
        assert_eq!(fault(read(&response)), ReplyFault::Unfinished(status.to_owned()));
    }
}

#[test]
fn wa_4_a_commentary_is_not_the_answer() {
    let mut commentary = message("Let me see.");
    commentary["phase"] = json!("commentary");
    for output in
        [json!([commentary, message(&reply_text())]), json!([message(&reply_text()), commentary])]
    {
        assert!(matches!(read(&response(output)), Outcome::Reply(_)));
    }
}

#[test]
fn ops_3_an_answer_has_its_tokens_and_their_price_whatever_became_of_it() {
    for output in [json!([message(&reply_text())]), json!([])] {
        let body = response(output).to_string();
        let usage = read_answer(body.as_bytes(), &request()).usage;
        assert_eq!((usage.text_in, usage.text_cached, usage.text_out), (1_000, 600, 100));
        // 400 × 0.10 + 600 × 0.01 + 100 × 0.50 = 96
        assert_eq!(cost_micro_usd(&usage, "gpt-6-luna"), Some(96));
    }
    assert_eq!(read_answer(b"<html>", &request()).usage, Default::default());
}

#[test]
fn wa_4_a_refused_request_says_what_can_be_done_about_it() {
    let body = |kind: &str, code: Option<&str>| {
        json!({"error": {"message": "Incorrect API key provided: sk-proj-abc", "type": kind,
            "param": null, "code": code}})
        .to_string()
    };
    let fatal = ApiErrorClass::Fatal;
    for (status, kind, code, class) in [
        (401, "invalid_request_error", Some("invalid_api_key"), fatal(FatalCause::BadKey)),
        (401, "", None, fatal(FatalCause::BadKey)),
        (429, "insufficient_quota", Some("insufficient_quota"), fatal(FatalCause::Quota)),
        (429, "tokens", Some("rate_limit_exceeded"), ApiErrorClass::Retryable),
        (429, "", None, ApiErrorClass::Retryable),
        (404, "invalid_request_error", Some("model_not_found"), fatal(FatalCause::BadModel)),
        (400, "invalid_request_error", Some("model_not_found"), fatal(FatalCause::BadModel)),
        (404, "", None, ApiErrorClass::Rejected),
        (400, "invalid_request_error", Some("invalid_json_schema"), ApiErrorClass::Rejected),
        (400, "invalid_request_error", None, ApiErrorClass::Rejected),
        (403, "", None, ApiErrorClass::Rejected),
        (500, "server_error", None, ApiErrorClass::Retryable),
        (503, "", None, ApiErrorClass::Retryable),
        (408, "", None, ApiErrorClass::Retryable),
    ] {
        let error = api_error(status, body(kind, code).as_bytes());
        assert_eq!(error.class, class, "{status} {kind} {code:?}");
        assert!(!error.to_string().contains("sk-"), "{error}");
    }
    assert_eq!(api_error(502, b"<html>Bad Gateway").class, ApiErrorClass::Retryable);
    let rejected = json!({"error": {"message": "m", "type": "invalid_request_error",
        "param": "text.format.schema", "code": "invalid_json_schema"}});
    assert_eq!(
        api_error(400, rejected.to_string().as_bytes()).to_string(),
        "OpenAI answered HTTP 400, invalid_json_schema, about text.format.schema"
    );
}

proptest! {
    #[test]
    fn ops_6_no_answer_makes_the_reader_panic(body in any::<Vec<u8>>(), status in any::<u16>()) {
        let _ = (read_answer(&body, &request()), api_error(status, &body));
    }

    #[test]
    fn wa_4_no_text_but_a_fitting_one_is_a_reply(text in any::<String>()) {
        prop_assert!(matches!(read_text(&text), Outcome::Fault(_)));
    }
}
