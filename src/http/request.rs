//! A request as the handlers see it, within its limits.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

/// The longest body taken.
const MOST_BYTES: u64 = 64 * 1024;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path, as it was sent.
    pub path: String,
    /// Its query, as it was sent, without the question mark.
    pub query: Option<String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The connection, if it can become a WebSocket.
    pub upgrade: Option<OnUpgrade>,
}

impl Request {
    pub(super) fn filter() -> impl Filter<Extract = (Self,), Error = Rejection> + Clone {
        let query = warp::query::raw().map(Some).or(warp::any().map(|| None)).unify();
        // A body without a length is none: neither Twilio nor a browser sends a chunked one.
        let body = warp::body::content_length_limit(MOST_BYTES)
            .and(warp::body::bytes())
            .or(warp::header::optional::<u64>("content-length").and_then(no_body))
            .unify();
        warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(body)
            .and(warp::ext::optional::<OnUpgrade>())
            .map(|method, path: warp::path::FullPath, query, headers, body, upgrade| Self {
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                body,
                upgrade,
            })
    }

    /// A header's value, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Path and query, as they were sent.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }
}

async fn no_body(length: Option<u64>) -> Result<Bytes, Rejection> {
    match length {
        Some(length) if length > MOST_BYTES => Err(warp::reject::custom(TooLong)),
        Some(_) | None => Ok(Bytes::new()),
    }
}

#[derive(Debug)]
struct TooLong;

impl warp::reject::Reject for TooLong {}

pub(super) async fn refuse(rejection: Rejection) -> Result<Response, Infallible> {
    Ok(if rejection.find::<TooLong>().is_some() {
        let message = format!("the body is longer than {MOST_BYTES} bytes");
        error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", &message)
    } else {
        error(StatusCode::BAD_REQUEST, "bad_request", "the request could not be read")
    })
}

/// An answer without a body.
pub(super) fn answer(status: StatusCode) -> Response {
    status.into_response()
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    warp::reply::with_status(warp::reply::json(body), status).into_response()
}

/// The answer at an address where there is nothing.
pub(super) fn nothing_here() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

/// An error in JSON, as the API gives them.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": message } });
    json(status, &body)
}
