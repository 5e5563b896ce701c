//! A receiver of events, and a Twilio that takes messages, in memory.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use protocol::webhooks::WebhookSecret;
use serde_json::Value;
use tokio::io::duplex;

use super::SECRET;
use crate::clock::Clock;
use crate::dialer::{ByteStream, Dialer, Dialing};

/// How a receiver answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Answers {
    #[default]
    Takes,
    Status(u16),
    Never,
    Gone,
    /// The sender's task panics.
    Crash,
}

/// An event that was taken.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) host: String,
    pub(super) event: Value,
}

impl Taken {
    pub(super) fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap()
    }

    pub(super) fn call(&self) -> String {
        let data = &self.event["data"];
        let call = [&data["call_sid"], &data["last_call_sid"]];
        call.into_iter().find_map(Value::as_str).unwrap().to_owned()
    }
}

pub(super) struct Outside {
    pub(super) clock: Clock,
    /// By a part of the host's name; the last that fits counts.
    pub(super) answers: Mutex<Vec<(&'static str, Answers)>>,
    pub(super) taken: Mutex<Vec<Taken>>,
    /// The requests that came, taken or not.
    pub(super) tries: Mutex<u32>,
    /// The forms of Twilio's messages.
    pub(super) messages: Mutex<Vec<Vec<(String, String)>>>,
}

impl Outside {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        let (answers, taken) = (Mutex::default(), Mutex::default());
        let (tries, messages) = (Mutex::default(), Mutex::default());
        Arc::new(Self { clock, answers, taken, tries, messages })
    }

    pub(super) fn answer(&self, host: &'static str, answers: Answers) {
        self.answers.lock().unwrap().push((host, answers));
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    fn answers(&self, host: &str) -> Answers {
        let answers = self.answers.lock().unwrap();
        let fits = |(part, _): &&(&str, Answers)| host.contains(part);
        answers.iter().rev().find(fits).map_or(Answers::Takes, |(_, answers)| *answers)
    }

    async fn serve(&self, host: &str, request: http::Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        *self.tries.lock().unwrap() += 1;
        let status = match self.answers(host) {
            Answers::Takes => StatusCode::OK,
            Answers::Status(status) => StatusCode::from_u16(status).unwrap(),
            Answers::Never | Answers::Gone | Answers::Crash => std::future::pending().await,
        };
        let mut response = Response::new(Full::default());
        if head.uri.path().ends_with("Messages.json") {
            let form = form_urlencoded::parse(&body).into_owned().collect();
            self.messages.lock().unwrap().push(form);
            let sid = r#"{"sid": "SM00000000000000000000000000000001", "status": "queued"}"#;
            *response.body_mut() = Full::from(sid);
        } else if status.is_success() {
            let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap());
            let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
            let (signature, now) = (header("webhook-signature"), self.clock.wall());
            let secret = WebhookSecret::parse(SECRET).unwrap();
            secret.verify(id, time, signature, &body, now).unwrap();
            let event: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(event["id"], id.unwrap());
            self.taken.lock().unwrap().push(Taken { host: host.to_owned(), event });
        }
        *response.status_mut() = status;
        response
    }
}

pub(super) struct Dial(pub(super) Arc<Outside>);

impl Dialer for Dial {
    fn dial(&self, to: Uri) -> Dialing {
        let host = to.host().unwrap().to_owned();
        match self.0.answers(&host) {
            Answers::Gone => {
                return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) });
            }
            Answers::Crash => panic!("a crash on purpose"),
            Answers::Takes | Answers::Status(_) | Answers::Never => {}
        }
        let (ours, theirs) = duplex(64 * 1024);
        let outside = Arc::clone(&self.0);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (outside, host) = (Arc::clone(&outside), host.clone());
                async move { Ok::<_, Infallible>(outside.serve(&host, request).await) }
            });
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(theirs), service).await;
        });
        Box::pin(async { Ok(ByteStream::new(ours)) })
    }
}
