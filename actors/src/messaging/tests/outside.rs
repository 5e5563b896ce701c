//! OpenAI and Twilio on connections in memory: each request is a connection.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::Uri;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::{Arc, testing};
use crate::dialer::{ByteStream, Dialer, Dialing};

/// What Twilio does with a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Send {
    /// It takes it, and the answer is lost.
    TakenInSilence,
    /// 429.
    Busy,
    Refused(u32),
}

#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) sid: String,
    pub(super) body: String,
    pub(super) callback: String,
}

#[derive(Default)]
pub(super) struct Outside {
    answers: Mutex<VecDeque<Value>>,
    asked: Mutex<Vec<Value>>,
    /// How long an answer of either takes.
    takes: Mutex<Duration>,
    sends: Mutex<VecDeque<Send>>,
    sent: Mutex<Vec<Sent>>,
    /// Twilio has no call any more.
    has_no_call: AtomicBool,
    /// How often it was asked for one.
    looked_up: AtomicUsize,
}

impl Outside {
    pub(super) fn will_answer(&self, answers: impl IntoIterator<Item = Value>) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub(super) fn will_send(&self, sends: impl IntoIterator<Item = Send>) {
        self.sends.lock().unwrap().extend(sends);
    }

    pub(super) fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    pub(super) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(super) fn has_no_call(&self) {
        self.has_no_call.store(true, Ordering::Relaxed);
    }

    pub(super) fn looked_up(&self) -> usize {
        self.looked_up.load(Ordering::Relaxed)
    }

    /// Status and body; `None`: no answer.
    fn answer(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        if path.contains("/calls/") {
            self.looked_up.fetch_add(1, Ordering::Relaxed);
            let is_over = self.has_no_call.load(Ordering::Relaxed);
            let status = if is_over { "completed" } else { "in-progress" };
            let call = json!({ "sid": testing::call_sid(), "status": status });
            return Some((200, call));
        }
        if method == "GET" {
            let list: Vec<Value> = self.sent().iter().rev().map(resource).collect();
            return Some((200, json!({ "messages": list })));
        }
        if body.starts_with('{') {
            self.asked.lock().unwrap().push(serde_json::from_str(body).unwrap());
            let answer = self.answers.lock().unwrap().pop_front();
            return Some((200, answer.expect("an answer for each question")));
        }
        let step = self.sends.lock().unwrap().pop_front();
        match step {
            Some(Send::Busy) => Some((429, json!({ "code": 20_429, "status": 429 }))),
            Some(Send::Refused(code)) => Some((400, json!({ "code": code, "status": 400 }))),
            None | Some(Send::TakenInSilence) => {
                let fields: Vec<(String, String)> =
                    form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                let field =
                    |name: &str| fields.iter().find(|(field, _)| field == name).unwrap().1.clone();
                let mut sent = self.sent.lock().unwrap();
                let sid = format!("SM{:032x}", 0xF000 + sent.len());
                let one = Sent { sid, body: field("Body"), callback: field("StatusCallback") };
                let accepted = resource(&one);
                sent.push(one);
                step.is_none().then_some((201, accepted))
            }
        }
    }
}

fn resource(sent: &Sent) -> Value {
    json!({
        "sid": sent.sid, "status": "queued", "body": sent.body,
        "date_created": "Sun, 22 Nov 2099 12:00:00 +0000",
    })
}

pub(super) struct Dial(pub(super) Arc<Outside>);

impl Dialer for Dial {
    fn dial(&self, _: Uri) -> Dialing {
        let (ours, theirs) = duplex(1 << 20);
        tokio::spawn(serve(theirs, Arc::clone(&self.0)));
        Box::pin(async { Ok(ByteStream::new(ours)) })
    }
}

async fn serve(mut stream: DuplexStream, outside: Arc<Outside>) {
    let mut text = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let (head, body) = loop {
        let Ok(length) = stream.read(&mut buffer).await else { return };
        if length == 0 {
            return;
        }
        text.extend_from_slice(&buffer[..length]);
        let Ok(so_far) = std::str::from_utf8(&text) else { continue };
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.map_or(0, |length| length.parse::<usize>().unwrap()) == body.len() {
            break (head.clone(), body.to_owned());
        }
    };
    let takes = *outside.takes.lock().unwrap();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap().to_uppercase(), words.next().unwrap());
    let half = takes / 2;
    tokio::time::sleep(half).await;
    let Some((status, body)) = outside.answer(&method, path, &body) else {
        return std::future::pending().await;
    };
    tokio::time::sleep(takes - half).await;
    let body = body.to_string();
    let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    // A client that has given up is gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn response(output: Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "status": "completed", "error": null,
        "incomplete_details": null, "output": [output],
        "usage": {"input_tokens": 100, "output_tokens": 10},
    })
}

pub(super) fn reply(words: &str) -> Value {
    let text = json!({
        "reply": words,
        "control": {
            "should_end_call": false, "end_reason": null, "lead_status": "in_progress",
            "missing_fields": [], "notes": "",
        },
    });
    response(json!({
        "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text.to_string(), "annotations": []}],
    }))
}

pub(super) fn too_long() -> Value {
    reply(&"א".repeat(1900))
}

pub(super) fn tool_call(name: &str, arguments: &Value) -> Value {
    response(json!({
        "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": name,
        "arguments": arguments.to_string(), "status": "completed",
    }))
}
