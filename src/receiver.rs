//! A receiver of events, to try webhooks with (OPS-13): it checks signatures, and answers as it is told to.
//! `frontdesk webhooks listen` and the tests have one.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use actors::clock::Clock;
use actors::dialer::ByteStream;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::webhooks::{Unverified, WebhookSecret};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::network::Acceptor;

/// The longest event that is read, in bytes.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`; empty if there is none.
    pub id: String,
    /// Whether the signature is right.
    pub verified: Result<(), Unverified>,
    /// The body; null if it is no JSON.
    pub event: Value,
}

impl Received {
    /// `type` of the event; empty if there is none.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap_or_default()
    }
}

/// What a request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Status(StatusCode),
    /// Nothing.
    Hang,
}

type Handler = Arc<dyn Fn(Received) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// A receiver with one secret.
#[derive(Clone)]
pub struct Receiver {
    secret: WebhookSecret,
    clock: Clock,
    handler: Handler,
}

impl Receiver {
    /// `handler` sees each request, also one whose signature is wrong.
    #[must_use]
    pub fn new<F, R>(secret: WebhookSecret, clock: Clock, handler: F) -> Self
    where
        F: Fn(Received) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        Self { secret, clock, handler: Arc::new(move |received| Box::pin(handler(received))) }
    }

    /// Answers requests until `stop` is cancelled.
    pub async fn serve(self, mut acceptor: Box<dyn Acceptor>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        while let Some(accepted) = stop.run_until_cancelled(acceptor.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    let (receiver, stop) = (self.clone(), stop.clone());
                    let serving = async move { receiver.connection(stream).await };
                    tasks.spawn(async move { stop.run_until_cancelled(serving).await });
                }
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn connection(self, stream: ByteStream) {
        let service = service_fn(move |request: http::Request<Incoming>| {
            let receiver = self.clone();
            async move { Ok::<_, Infallible>(receiver.answer(request).await) }
        });
        let mut server = hyper::server::conn::http1::Builder::new();
        server.timer(TokioTimer::new());
        if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
            tracing::debug!(%error, "a connection broke");
        }
    }

    async fn answer(&self, request: http::Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let status = match Limited::new(body, MOST_BYTES).collect().await {
            Ok(body) => {
                let received = self.received(&head.headers, &body.to_bytes());
                match (self.handler)(received).await {
                    Reply::Status(status) => status,
                    Reply::Hang => pending().await,
                }
            }
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE,
        };
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    }

    fn received(&self, headers: &HeaderMap, body: &[u8]) -> Received {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = header("webhook-id");
        let (time, signatures) = (header("webhook-timestamp"), header("webhook-signature"));
        let verified = self.secret.verify(id, time, signatures, body, self.clock.wall());
        Received {
            id: id.unwrap_or_default().to_owned(),
            verified,
            event: serde_json::from_slice(body).unwrap_or_default(),
        }
    }
}
