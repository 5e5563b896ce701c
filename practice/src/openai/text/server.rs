//! The listener of the text model.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::answer::{Made, make};
use super::faults::TextFault;
use super::record::{TextTurn, TextViolation};
use super::request::{Request, read};
use super::shared::{Shared, locked};
use crate::clock::now;
use crate::openai::behaviour::{NO_QUOTA, SERVER_ERROR};
use crate::openai::wire::WireError;
use crate::trace;
use crate::transport::Acceptor;

/// The largest body taken, in bytes.
const LARGEST: usize = 16 << 20;

/// The pause after a failed accept, mostly for want of file handles.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

type Answer = Response<BoxBody<Bytes, std::io::Error>>;

/// Serves until it is aborted.
pub(super) async fn serve(shared: Arc<Shared>, mut acceptor: Box<dyn Acceptor>) {
    let began = now();
    let mut connections = JoinSet::new();
    loop {
        let stream = match acceptor.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "the practice text model could not take a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), began, request));
            let connection = hyper::server::conn::http1::Builder::new();
            if let Err(error) = connection.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "practice text model: a connection ended");
            }
        });
    }
}

/// Counts a request as open until it is dropped.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.log.ended();
    }
}

async fn answer(
    shared: Arc<Shared>,
    began: Instant,
    request: http::Request<Incoming>,
) -> Result<Answer, Infallible> {
    shared.log.began();
    let _open = Open(Arc::clone(&shared));
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map(|body| body.to_bytes());
    let checked = body
        .map_err(|_| (413, WireError::new("request_too_large", "Request too large.")))
        .and_then(|body| checked(&shared, &head, &body).map(|request| (request, body)));
    let (request, body) = match checked {
        Ok(right) => right,
        Err((status, error)) => {
            shared.log.violated(TextViolation {
                code: error.code.unwrap_or(error.kind).to_owned(),
                detail: error.message.clone(),
            });
            trace::point("", "text_model", 0, format_args!("refuses: {}", error.message));
            return Ok(refusal(status, &error, &[]));
        }
    };
    let fault = shared.next_fault();
    let at = now().saturating_duration_since(began);
    let mut turn = TextTurn {
        at,
        request: serde_json::from_slice(&body).unwrap_or_default(),
        text: None,
        calls: Vec::new(),
        status: None,
    };
    let more = if let TextFault::Late(more) = &fault { *more } else { Duration::ZERO };
    tokio::time::sleep(shared.options.answers_after + more).await;
    if let Some(refused) = refused(&fault) {
        turn.status = Some(refused.status().as_u16());
        trace::point("", "text_model", 0, format_args!("fails: {fault:?}"));
        shared.log.answered(turn);
        return Ok(refused);
    }
    if fault == TextFault::Silence {
        trace::point("", "text_model", 0, format_args!("stays silent"));
        shared.log.answered(turn);
        return std::future::pending().await;
    }
    let Made { response, text, calls } =
        make(&shared.options.brain, &request, &fault, &mut locked(&shared.ids));
    let half = fault == TextFault::HalfBody;
    trace::point("", "text_model", 0, format_args!("answers {text:?} {calls:?}, half: {half}"));
    (turn.text, turn.calls) = (text, calls);
    turn.status = (!half).then_some(200);
    shared.log.answered(turn);
    Ok(if half { cut(&response) } else { write(200, response.to_string(), &[]) })
}

/// Whether the request is one that the API answers.
fn checked(
    shared: &Shared,
    head: &http::request::Parts,
    body: &[u8],
) -> Result<Request, (u16, WireError)> {
    if head.uri.path() != "/v1/responses" || head.method != Method::POST {
        let message = format!("Invalid URL ({} {})", head.method, head.uri.path());
        return Err((404, WireError::new("invalid_url", message).without_code()));
    }
    authorised(shared, &head.headers)?;
    let is_json = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("application/json")));
    if !is_json {
        let message = "Unsupported content type. This API method only accepts 'application/json'.";
        return Err((400, WireError::new("invalid_content_type", message).without_code()));
    }
    let request = read(body).map_err(|error| (400, error))?;
    let models = shared.options.models.as_ref();
    if models.is_some_and(|models| !models.contains(&request.model)) {
        let message = format!(
            "The model `{}` does not exist or you do not have access to it.",
            request.model
        );
        return Err((404, WireError::new("model_not_found", message).about("model")));
    }
    Ok(request)
}

fn authorised(shared: &Shared, headers: &HeaderMap) -> Result<(), (u16, WireError)> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if key.is_empty() {
        let message = "Missing bearer or basic authentication in header";
        return Err((401, WireError::new("missing_key", message).without_code()));
    }
    if shared.options.key.as_deref().is_some_and(|valid| valid != key) {
        return Err((401, WireError::new("invalid_api_key", "Incorrect API key provided.")));
    }
    Ok(())
}

/// The answer of a fault that is told by the status.
fn refused(fault: &TextFault) -> Option<Answer> {
    let error = |status, kind, code, message: &str| {
        let error = WireError { kind, ..WireError::new(code, message) };
        Some(refusal(status, &error, &[]))
    };
    match fault {
        TextFault::TooManyRequests(after) => {
            let message = "Rate limit reached for requests.";
            let error =
                WireError { kind: "requests", ..WireError::new("rate_limit_exceeded", message) };
            let after = after.map(|seconds| ("retry-after", seconds.to_string()));
            Some(refusal(429, &error, after.as_slice()))
        }
        TextFault::NoQuota => error(429, "insufficient_quota", "insufficient_quota", NO_QUOTA),
        TextFault::BadKey => {
            error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
        }
        TextFault::NoSuchModel => {
            error(404, "invalid_request_error", "model_not_found", "The model does not exist.")
        }
        TextFault::ServerError => error(500, "server_error", "server_error", SERVER_ERROR),
        TextFault::Page(status) => Some(write(*status, "<html>Bad Gateway</html>".to_owned(), &[])),
        TextFault::None
        | TextFault::Refusal
        | TextFault::Incomplete(_)
        | TextFault::Failed(_)
        | TextFault::Text(_)
        | TextFault::Empty
        | TextFault::TooLong(_)
        | TextFault::Claims(_)
        | TextFault::Late(_)
        | TextFault::Silence
        | TextFault::HalfBody => None,
    }
}

fn refusal(status: u16, error: &WireError, headers: &[(&'static str, String)]) -> Answer {
    let WireError { kind, code, message, param, .. } = error;
    let body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    write(status, body.to_string(), headers)
}

fn write(status: u16, body: String, headers: &[(&'static str, String)]) -> Answer {
    let body = Full::from(body).map_err(|never| match never {}).boxed();
    let mut answer = Response::new(body);
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status == 502 { "text/html" } else { "application/json" };
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    for (name, value) in headers {
        if let Ok(value) = http::HeaderValue::from_str(value) {
            answer.headers_mut().insert(*name, value);
        }
    }
    answer
}

/// The head, the first half of the body, and then nothing more.
fn cut(response: &Value) -> Answer {
    let body = response.to_string().into_bytes();
    let (length, half) = (body.len() as u64, Bytes::from(body[..body.len() / 2].to_vec()));
    let mut answer = Response::new(Cut { length, half: Some(half) }.boxed());
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}

/// A body that breaks in its middle.
struct Cut {
    length: u64,
    half: Option<Bytes>,
}

impl Body for Cut {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let next = match self.half.take() {
            Some(half) => Ok(Frame::data(half)),
            None => Err(std::io::ErrorKind::ConnectionReset.into()),
        };
        std::task::Poll::Ready(Some(next))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
