//! The text model over a socket, asked as a client asks it.

use std::time::Duration;

use http::{HeaderName, Method};
use serde_json::{Value, json};

use super::*;
use crate::http_client::{Client, HttpError, Request, Timeouts};
use crate::openai::brain::{Brain, Rule};
use crate::transport::TcpDialer;

/// A request that is right.
fn request() -> Value {
    json!({
        "model": "gpt-6-luna", "store": false, "instructions": "Be kind.", "max_output_tokens": 1500,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "שלום"}]}],
        "text": {"format": {"type": "json_schema", "name": "answer", "strict": true, "schema": schema()}},
        "tools": [{"type": "function", "name": "note", "description": "n", "strict": true,
            "parameters": {"type": "object", "additionalProperties": false,
                "required": ["city", "floor"],
                "properties": {"city": {"type": "string"}, "floor": {"type": ["string", "null"]}}}}],
        "tool_choice": "auto", "parallel_tool_calls": false,
    })
}

fn schema() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["reply", "control"],
        "properties": {"reply": {"type": "string"}, "control": {"type": "object",
            "additionalProperties": false,
            "required": ["should_end_call", "end_reason", "lead_status", "missing_fields", "notes"],
            "properties": {
                "should_end_call": {"type": "boolean"},
                "end_reason": {"type": ["string", "null"], "enum": ["user_goodbye", null]},
                "lead_status": {"type": "string"},
                "missing_fields": {"type": "array", "items": {"type": "string"}},
                "notes": {"type": "string"}}}}})
}

async fn server(brain: Brain) -> TextServer {
    let options =
        TextOptions { brain, answers_after: Duration::from_millis(1), ..TextOptions::default() };
    TextServer::on_loopback(options).await.unwrap()
}

async fn post(server: &TextServer, body: &str) -> Result<(u16, Value, Option<String>), HttpError> {
    post_with(server, body, "Bearer key").await
}

async fn post_with(
    server: &TextServer,
    body: &str,
    authorization: &str,
) -> Result<(u16, Value, Option<String>), HttpError> {
    let client = Client::new(Arc::new(TcpDialer));
    let name = |name: &'static str| HeaderName::from_static(name);
    let request = Request::new(Method::POST, &server.url())?
        .header(name("content-type"), "application/json")?
        .header(name("authorization"), authorization)?
        .body(body.to_owned());
    let limits = Timeouts { connect: Duration::from_secs(5), total: Duration::from_secs(5) };
    let answer = client.send(request, limits).await?;
    let after = answer.headers.get("retry-after").map(|after| after.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    Ok((answer.status.as_u16(), body, after))
}

/// What the model's text says.
fn said(response: &Value) -> Value {
    let message = response["output"].as_array().unwrap().last().unwrap();
    serde_json::from_str(message["content"][0]["text"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn wa_8_a_request_that_is_right_is_answered_in_its_form() {
    let server = server(Brain::Echo).await;
    let (status, response, _) = post(&server, &request().to_string()).await.unwrap();
    assert_eq!((status, &response["status"]), (200, &json!("completed")));
    let answer = said(&response);
    assert!(strict::fits(&answer, &schema()), "{answer}");
    assert_eq!(answer["reply"], "שלום");
    assert_eq!(answer["control"]["should_end_call"], json!(false));
    assert!(response["usage"]["input_tokens"].as_u64().unwrap() > 10);
    let record = server.log().record();
    assert_eq!((record.requests, record.open, record.violations.len()), (1, 0, 0));
    assert_eq!(record.turns[0].request, request());
}

#[tokio::test]
async fn wa_8_a_goodbye_is_an_end_in_the_answer_and_no_call() {
    let server = server(Brain::default()).await;
    let mut request = request();
    request["input"][0]["content"] = json!("זהו תודה, ביי");
    let (_, response, _) = post(&server, &request.to_string()).await.unwrap();
    let control = &said(&response)["control"];
    assert_eq!(
        (&control["should_end_call"], &control["end_reason"]),
        (&json!(true), &json!("user_goodbye"))
    );
    assert_eq!(server.log().record().turns[0].calls, Vec::<String>::new());
}

#[tokio::test]
async fn wa_8_a_call_fills_what_it_leaves_out_and_is_answered_with_its_output() {
    let called = |name: &str| crate::openai::ToolCall {
        name: name.into(),
        arguments: json!({"city": "חיפה"}),
    };
    let rules = vec![
        Rule { after_tool: Some("note".into()), say: Some("רשמתי".into()), ..Rule::default() },
        Rule { calls: vec![called("unknown"), called("note")], ..Rule::default() },
    ];
    let server = server(Brain::Scripted(rules)).await;
    let mut request = request();
    let (_, response, _) = post(&server, &request.to_string()).await.unwrap();
    let call = response["output"][1].clone();
    assert_eq!((&call["type"], &call["name"]), (&json!("function_call"), &json!("note")));
    assert_eq!(call["arguments"], json!({"city": "חיפה", "floor": null}).to_string());
    let input = request["input"].as_array_mut().unwrap();
    input.extend(response["output"].as_array().unwrap().clone());
    let (status, error, _) = post(&server, &request.to_string()).await.unwrap();
    assert_eq!(status, 400, "a call without its output: {error}");
    let input = request["input"].as_array_mut().unwrap();
    input.push(json!({"type": "function_call_output", "call_id": call["call_id"], "output": "{}"}));
    let (status, response, _) = post(&server, &request.to_string()).await.unwrap();
    assert_eq!((status, said(&response)["reply"].as_str()), (200, Some("רשמתי")));
    request["tool_choice"] = json!("none");
    request["input"] = json!("שלום");
    let (_, response, _) = post(&server, &request.to_string()).await.unwrap();
    assert!(said(&response)["reply"].is_string(), "no tool may be called");
}

/// What each mistake is answered with: `code`, or the type where the API gives no code.
#[tokio::test]
async fn wa_8_a_mistake_is_answered_as_the_api_answers_it() {
    let server = server(Brain::Echo).await;
    let changed = |pointer: &str, value: Value| {
        let mut request = request();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = request.pointer_mut(parent).unwrap();
        if let Some(items) = parent.as_array_mut() {
            items.insert(name.parse().unwrap(), value);
        } else {
            parent[name] = value;
        }
        request
    };
    let assistant =
        |kind: &str| json!({"role": "assistant", "content": [{"type": kind, "text": "x"}]});
    let output = json!({"type": "function_call_output", "call_id": "call_9", "output": "{}"});
    let call =
        json!({"type": "function_call", "call_id": "call_9", "name": "note", "arguments": "{}"});
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    for (request, code, param) in [
        (changed("/temprature", json!(1)), "unknown_parameter", "temprature"),
        (changed("/temperature", json!(1.0)), "unsupported_parameter", "temperature"),
        (changed("/max_output_tokens", json!(15)), "integer_below_min_value", "max_output_tokens"),
        (changed("/max_output_tokens", json!("inf")), "invalid_type", "max_output_tokens"),
        (changed("/store", json!("no")), "invalid_type", "store"),
        (changed("/tool_choice", json!("maybe")), "invalid_value", "tool_choice"),
        (changed("/model", Value::Null), "invalid_type", "model"),
        (changed("/reasoning", json!({"effort": "lazy"})), "invalid_value", "reasoning.effort"),
        (changed("/input/0/role", json!("caller")), "invalid_value", "input[0].role"),
        (
            changed("/input/0/content/0/type", json!("output_text")),
            "invalid_value",
            "input[0].content[0].type",
        ),
        (changed("/input/1", assistant("input_text")), "invalid_value", "input[1].content[0].type"),
        (changed("/input/1", output), "invalid_request_error", "input"),
        (changed("/input/1", call), "invalid_request_error", "input"),
        (changed("/input/1", reasoning), "invalid_request_error", "input"),
        (changed("/input/1", json!({"type": "music"})), "invalid_value", "input[1].type"),
        (changed("/text/format/name", json!("an answer")), "invalid_value", "text.format.name"),
        (
            changed("/text/format/schema/additionalProperties", json!(true)),
            "invalid_json_schema",
            "text.format.schema",
        ),
        (
            changed("/text/format/schema/required", json!(["reply"])),
            "invalid_json_schema",
            "text.format.schema",
        ),
        (
            changed("/text/format/schema/properties/reply", json!({"oneOf": []})),
            "invalid_json_schema",
            "text.format.schema",
        ),
        (
            changed("/text/format/schema/properties/reply", json!({})),
            "invalid_json_schema",
            "text.format.schema",
        ),
        (
            changed(
                "/text/format/schema/properties/reply",
                json!({"$ref": "#/$defs/x", "type": "string"}),
            ),
            "invalid_json_schema",
            "text.format.schema",
        ),
        (
            changed("/text/format/schema/type", json!("array")),
            "invalid_json_schema",
            "text.format.schema",
        ),
        (
            changed("/tools/0/parameters/required", json!(["city"])),
            "invalid_function_parameters",
            "tools[0].parameters",
        ),
        (changed("/tools/0/name", json!("take note")), "invalid_value", "tools[0].name"),
        (changed("/tools/0/default", json!(1)), "unknown_parameter", "tools[0].default"),
    ] {
        let (status, error, _) = post(&server, &request.to_string()).await.unwrap();
        let error = &error["error"];
        assert_eq!(status, 400, "{code} {param}: {error}");
        let given = error["code"].as_str().or(error["type"].as_str()).unwrap();
        assert_eq!((given, error["param"].as_str()), (code, Some(param)), "{error}");
    }
    assert_eq!(post(&server, "{\"model\":").await.unwrap().0, 400);
    assert_eq!(server.log().record().violations.len(), 26);
    assert_eq!(server.log().record().turns.len(), 0);
}

#[tokio::test]
async fn wa_8_a_wrong_key_and_an_unknown_model_are_refused() {
    let options = TextOptions {
        key: Some("good".to_owned()),
        models: Some(vec!["gpt-6-luna".to_owned()]),
        ..TextOptions::default()
    };
    let server = TextServer::on_loopback(options).await.unwrap();
    let body = request().to_string();
    assert_eq!(post_with(&server, &body, "Basic x").await.unwrap().0, 401);
    let (status, error, _) = post_with(&server, &body, "Bearer bad").await.unwrap();
    assert_eq!((status, &error["error"]["code"]), (401, &json!("invalid_api_key")));
    let mut other = request();
    other["model"] = json!("gpt-9");
    let (status, error, _) = post_with(&server, &other.to_string(), "Bearer good").await.unwrap();
    assert_eq!((status, &error["error"]["code"]), (404, &json!("model_not_found")));
    assert_eq!(post_with(&server, &body, "Bearer good").await.unwrap().0, 200);
}

#[tokio::test]
async fn wa_8_faults_come_in_their_order_and_then_none() {
    let server = server(Brain::Echo).await;
    server.faults().next([
        TextFault::TooManyRequests(Some(7)),
        TextFault::NoQuota,
        TextFault::BadKey,
        TextFault::NoSuchModel,
        TextFault::ServerError,
        TextFault::Page(502),
        TextFault::Refusal,
        TextFault::Incomplete("content_filter".to_owned()),
        TextFault::Failed("server_error".to_owned()),
        TextFault::Text("{\"reply\":1}".to_owned()),
        TextFault::Empty,
        TextFault::TooLong(1_900),
        TextFault::Claims("user_goodbye".to_owned()),
        TextFault::HalfBody,
    ]);
    let body = request().to_string();
    let ask = async || post(&server, &body).await;
    let (status, error, after) = ask().await.unwrap();
    assert_eq!((status, after.as_deref()), (429, Some("7")));
    assert_eq!(error["error"]["code"], "rate_limit_exceeded");
    for (status, code) in [
        (429, "insufficient_quota"),
        (401, "invalid_api_key"),
        (404, "model_not_found"),
        (500, "server_error"),
    ] {
        let (given, error, _) = ask().await.unwrap();
        assert_eq!((given, error["error"]["code"].as_str()), (status, Some(code)));
    }
    assert_eq!(ask().await.unwrap().0, 502);
    let last = |response: &Value| response["output"].as_array().unwrap().last().unwrap().clone();
    let (_, refused, _) = ask().await.unwrap();
    assert_eq!(last(&refused)["content"][0]["type"], "refusal");
    let (_, cut, _) = ask().await.unwrap();
    assert_eq!(cut["incomplete_details"]["reason"], "content_filter");
    let half = last(&cut)["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(serde_json::from_str::<Value>(&half).is_err(), "{half}");
    assert_eq!(ask().await.unwrap().1["error"]["code"], "server_error");
    assert_eq!(said(&ask().await.unwrap().1), json!({"reply": 1}));
    assert_eq!(last(&ask().await.unwrap().1)["type"], "reasoning");
    let long = said(&ask().await.unwrap().1)["reply"].as_str().unwrap().encode_utf16().count();
    assert!(long >= 1_900, "{long}");
    assert_eq!(said(&ask().await.unwrap().1)["control"]["end_reason"], "user_goodbye");
    assert!(ask().await.is_err(), "half a body");
    assert_eq!(said(&ask().await.unwrap().1)["reply"], "שלום");
    assert_eq!(server.log().record().violations.len(), 0);
    server.faults().always(TextFault::ServerError);
    for _ in 0..2 {
        assert_eq!(ask().await.unwrap().0, 500);
    }
}

#[tokio::test]
async fn wa_8_a_limit_that_is_too_small_cuts_the_answer() {
    let server = server(Brain::Echo).await;
    let mut request = request();
    request["max_output_tokens"] = json!(16);
    let (_, response, _) = post(&server, &request.to_string()).await.unwrap();
    assert_eq!(response["status"], "incomplete");
    assert_eq!(response["incomplete_details"]["reason"], "max_output_tokens");
}

#[test]
fn wa_8_a_value_fits_its_schema_or_does_not() {
    let good = json!({"reply": "x", "control": {"should_end_call": false, "end_reason": null,
        "lead_status": "in_progress", "missing_fields": ["city"], "notes": ""}});
    assert_eq!(strict::check(&schema()), Ok(()));
    assert!(strict::fits(&good, &schema()));
    for (pointer, value) in [
        ("/reply", json!(1)),
        ("/control/end_reason", json!("weather")),
        ("/control/missing_fields", json!([1])),
        ("/control/should_end_call", Value::Null),
        ("/control", json!({})),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!strict::fits(&bad, &schema()), "{pointer}");
    }
    let either = json!({"type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {"a": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/n"}]}},
        "$defs": {"n": {"type": "integer"}}});
    assert_eq!(strict::check(&either), Ok(()));
    assert!(strict::fits(&json!({"a": "x"}), &either));
}
