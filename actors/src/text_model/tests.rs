//! The client against a server in memory that answers from a script, in virtual time.

use std::sync::Mutex;

use http::Uri;
use protocol::business::BusinessSettings;
use protocol::ids::{PhoneNumber, Slug};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::dialer::{ByteStream, Dialing};

/// What the server does with one request.
#[derive(Clone)]
enum Step {
    Answer(u16, &'static str, Value),
    /// The head, and the first bytes of the body.
    Half(Value),
    Silence,
}

#[derive(Default)]
struct Server {
    script: Mutex<Vec<Step>>,
    requests: Mutex<Vec<Value>>,
    heads: Mutex<Vec<String>>,
}

impl Server {
    fn with(script: impl IntoIterator<Item = Step>) -> Arc<Self> {
        let mut script: Vec<Step> = script.into_iter().collect();
        script.reverse();
        Arc::new(Self { script: Mutex::new(script), ..Self::default() })
    }

    fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

struct Dial(Arc<Server>);

impl Dialer for Dial {
    fn dial(&self, _: Uri) -> Dialing {
        let (ours, theirs) = duplex(1 << 20);
        tokio::spawn(serve(theirs, Arc::clone(&self.0)));
        Box::pin(async { Ok(ByteStream::new(ours)) })
    }
}

async fn serve(mut stream: DuplexStream, server: Arc<Server>) {
    let mut text = String::new();
    let mut buffer = vec![0; 1 << 16];
    let (head, body) = loop {
        let length = stream.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.unwrap().parse::<usize>().unwrap() == body.len() {
            break (head.to_owned(), serde_json::from_str(body).unwrap());
        }
    };
    server.heads.lock().unwrap().push(head);
    server.requests.lock().unwrap().push(body);
    let step = server.script.lock().unwrap().pop().expect("a step for each request");
    match step {
        Step::Answer(status, header, body) => {
            let body = body.to_string();
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} x\r\n{header}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Step::Half(body) => {
            let body = body.to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body[..20]).as_bytes()).await.unwrap();
        }
        Step::Silence => std::future::pending().await,
    }
}

fn response(status: &str, text: &str) -> Value {
    json!({"id": "resp_1", "object": "response", "status": status, "error": null,
        "incomplete_details": if status == "incomplete" {
            json!({"reason": "max_output_tokens"}) } else { Value::Null },
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": status,
            "content": [{"type": "output_text", "text": text, "annotations": []}]}],
        "usage": {"input_tokens": 100, "output_tokens": 10}})
}

fn reply() -> Step {
    let text = json!({"reply": "שלום", "control": {"should_end_call": false, "end_reason": null,
        "lead_status": "in_progress", "missing_fields": [], "notes": ""}});
    Step::Answer(200, "", response("completed", &text.to_string()))
}

fn refusal(status: u16, code: &str) -> Step {
    let error = json!({"error": {"message": "Incorrect API key provided: sk-secret", "type": "t",
        "param": null, "code": code}});
    Step::Answer(status, "", error)
}

fn model(server: &Arc<Server>) -> TextModel {
    let endpoint = TextEndpoint {
        url: "http://openai/v1/responses".to_owned(),
        key: "sk-secret".into(),
        model: "gpt-6-luna".to_owned(),
    };
    let dialer: Arc<dyn Dialer> = Arc::new(Dial(Arc::clone(server)));
    let parts = (Clock::start(), Chance::seeded(1));
    let provider = SharedBreaker::default();
    TextModel::new(dialer, Connections::Closed, endpoint, parts, provider, Arc::default())
}

fn request() -> TextRequest {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let business = BusinessSettings::new(Slug::parse("b").unwrap(), "b", vec![number]);
    let history = vec![HistoryItem::Person { text: "שלום".to_owned() }];
    TextRequest::new(Arc::new(business), "gpt-6-luna", "Be kind.".into(), history)
}

fn elapsed(since: std::time::Instant) -> Duration {
    Clock::start().now().saturating_duration_since(since)
}

#[tokio::test(start_paused = true)]
async fn wa_1_the_first_answer_that_can_be_used_is_the_answer() {
    let server = Server::with([reply()]);
    let model = model(&server);
    let answered = model.answer(&request()).await.unwrap();
    let ModelAnswer::Reply(reply) = answered.answer else { panic!() };
    assert_eq!(reply.reply, "שלום");
    assert_eq!((answered.spent.tries, answered.spent.usage.text_in), (1, 100));
    let head = server.heads.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /v1/responses HTTP/1.1"), "{head}");
    assert!(head.contains("authorization: Bearer sk-secret"), "{head}");
    assert_eq!(server.requests()[0], request().to_value());
    assert!(!format!("{model:?}").contains("sk-secret"));
    let tokens = model.metrics.tokens.of("gpt-6-luna").unwrap();
    assert_eq!(tokens.kinds()[0], ("text_input", 100));
}

#[tokio::test(start_paused = true)]
async fn ops_11_a_new_key_counts_from_the_next_try_on() {
    let server = Server::with([refusal(500, "server_error"), reply()]);
    let model = model(&server);
    let (copy, request) = (model.clone(), request());
    let asking = tokio::spawn(async move { copy.answer(&request).await });
    while server.heads.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    model.replace_key("sk-new".into());
    asking.await.unwrap().unwrap();
    let heads = server.heads.lock().unwrap();
    let sent =
        |head: &String, key: &str| head.contains(&format!("authorization: Bearer {key}\r\n"));
    assert!(sent(&heads[0], "sk-secret") && sent(&heads[1], "sk-new"), "{heads:?}");
    assert!(!format!("{model:?}").contains("sk-new"));
}

#[tokio::test(start_paused = true)]
async fn wa_4_what_may_pass_is_asked_again_and_the_third_answer_counts() {
    let text = |text: &str| Step::Answer(200, "", response("completed", text));
    let filtered = json!({"type": "message", "id": "m", "role": "assistant", "status": "completed",
        "content": [{"type": "refusal", "refusal": "no"}]});
    let mut refused = response("completed", "");
    refused["output"] = json!([filtered]);
    let mut failed = response("failed", "");
    failed["error"] = json!({"code": "server_error", "message": "m"});
    let bad: Vec<(&str, Step)> = vec![
        ("429", refusal(429, "rate_limit_exceeded")),
        ("500", refusal(500, "server_error")),
        ("503", Step::Answer(503, "", json!("<html>"))),
        ("half a body", Step::Half(response("completed", "{\"reply\":"))),
        ("incomplete", Step::Answer(200, "", response("incomplete", "{\"reply\":\"ש"))),
        ("no JSON", text("שלום")),
        ("no control", text("{\"reply\":\"שלום\"}")),
        ("empty", text("")),
        ("refusal", Step::Answer(200, "", refused)),
        ("failed", Step::Answer(200, "", failed)),
        ("time limit", Step::Silence),
    ];
    for (name, bad) in bad {
        let server = Server::with([bad.clone(), bad.clone(), reply()]);
        let answered = model(&server).answer(&request()).await;
        assert_eq!(answered.map(|answered| answered.spent.tries), Ok(3), "{name}");
        let server = Server::with([bad.clone(), bad.clone(), bad, reply()]);
        let error = model(&server).answer(&request()).await.unwrap_err();
        assert_eq!(server.requests().len(), 3, "{name}");
        assert_eq!((error.spent.tries, error.cause.fatal()), (3, None), "{name}");
        assert!(error.cause.may_pass(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn wa_4_the_next_try_knows_what_was_wrong_with_the_last() {
    let misfit = Step::Answer(200, "", response("completed", "{\"reply\":\"שלום\"}"));
    let cut = Step::Answer(200, "", response("incomplete", "{"));
    let server = Server::with([misfit, cut, reply()]);
    let answered = model(&server).answer(&request()).await.unwrap();
    assert_eq!(answered.spent.usage.text_out, 30, "every try is billed");
    let requests = server.requests();
    let note = &requests[1]["input"][1];
    assert_eq!(note["role"], "developer");
    assert!(note["content"][0]["text"].as_str().unwrap().contains("control"), "{note}");
    assert!(requests[1].get("max_output_tokens").is_some());
    assert!(requests[2].get("max_output_tokens").is_none(), "it was too small");
    assert_eq!(requests[2]["input"][1], *note);
}

#[tokio::test(start_paused = true)]
async fn wa_4_a_pause_grows_and_openai_may_ask_for_a_longer_one() {
    for (header, least, most) in [
        ("", 500, 1_000),
        ("retry-after: 7\r\n", 7_000, 7_000),
        ("retry-after-ms: 2500\r\n", 2_500, 2_500),
        ("retry-after: 3600\r\n", 20_000, 20_000),
        ("retry-after: soon\r\n", 500, 1_000),
        ("retry-after: -1\r\n", 500, 1_000),
        ("retry-after: 0\r\n", 1_000, 1_000),
        ("retry-after: NaN\r\n", 500, 1_000),
    ] {
        let busy = Step::Answer(429, header, json!({"error": {"code": "rate_limit_exceeded"}}));
        let server = Server::with([busy, reply()]);
        let began = Clock::start().now();
        model(&server).answer(&request()).await.unwrap();
        let millis = elapsed(began).as_millis();
        assert!((least..=most + 5).contains(&millis), "{header}: {millis}");
    }
}

#[tokio::test(start_paused = true)]
async fn wa_4_three_silent_tries_end_within_the_time_that_they_may_take() {
    let server = Server::with([Step::Silence, Step::Silence, Step::Silence]);
    let began = Clock::start().now();
    let error = model(&server).answer(&request()).await.unwrap_err();
    assert!(matches!(error.cause, TextFault::Unreachable(_)), "{error:?}");
    let took = elapsed(began);
    assert!((3 * PATIENCE..3 * PATIENCE + PAUSES[0] + PAUSES[1]).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn pipe_10_what_no_retry_mends_is_asked_once_and_turns_the_next_questions_away() {
    for (status, code, cause) in [
        (401, "invalid_api_key", FatalCause::BadKey),
        (429, "insufficient_quota", FatalCause::Quota),
        (404, "model_not_found", FatalCause::BadModel),
    ] {
        let server = Server::with([refusal(status, code), refusal(500, "server_error"), reply()]);
        let model = model(&server);
        let error = model.answer(&request()).await.unwrap_err();
        assert_eq!((error.cause.fatal(), error.spent.tries), (Some(cause), 1));
        assert!(!format!("{error} {error:?}").contains("sk-secret"), "{error:?}");
        let broken = cause != FatalCause::BadModel;
        assert_eq!(model.provider.broken().is_some(), broken, "calls are turned away too");
        let error = model.answer(&request()).await.unwrap_err();
        assert_eq!((error.cause, error.spent.tries), (TextFault::Broken(cause), 0));
        assert_eq!(server.requests().len(), 1);
        tokio::time::sleep(Duration::from_secs(31)).await;
        model.answer(&request()).await.unwrap();
        assert_eq!(model.provider.broken(), None);
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn wa_4_a_request_that_is_wrong_is_not_repeated_and_breaks_nothing() {
    let server = Server::with([refusal(400, "invalid_json_schema"), reply()]);
    let model = model(&server);
    let error = model.answer(&request()).await.unwrap_err();
    assert_eq!((error.spent.tries, error.cause.fatal()), (1, None));
    assert!(!error.cause.may_pass());
    model.answer(&request()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn pipe_10_a_question_that_is_given_up_holds_no_trial() {
    let server = Server::with([refusal(401, "invalid_api_key"), Step::Silence, reply()]);
    let model = model(&server);
    model.answer(&request()).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(31)).await;
    let request = request();
    let given_up = tokio::time::timeout(Duration::from_secs(1), model.answer(&request)).await;
    assert!(given_up.is_err());
    model.answer(&request).await.unwrap();
}

#[test]
fn wa_1_a_business_without_a_model_has_the_daemons() {
    let model = model(&Server::with([]));
    assert_eq!(model.model(""), "gpt-6-luna");
    assert_eq!(model.model(" "), "gpt-6-luna");
    assert_eq!(model.model("gpt-6-sol"), "gpt-6-sol");
}
