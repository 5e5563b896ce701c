//! An HTTP request as the handlers get it: read in full, within the size limit.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::response;

/// The largest body that is accepted.
const MAX_BODY_BYTES: u64 = 64 * 1024;

/// An HTTP request.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, still percent-encoded, without the question mark.
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The connection, if it can become a WebSocket.
    pub upgrade: Option<OnUpgrade>,
}

impl Request {
    /// Boxed in parts: each filter's type holds those of all before it, and the compiler's work grows
    /// with them.
    pub(super) fn filter() -> BoxedFilter<(Self,)> {
        let query = warp::query::raw().map(Some).or(warp::any().map(|| None)).unify().boxed();
        // A body without Content-Length is not read: neither Twilio nor browsers send a chunked one.
        let body = warp::body::content_length_limit(MAX_BODY_BYTES)
            .and(warp::body::bytes())
            .or(warp::header::optional::<u64>("content-length").and_then(no_body))
            .unify()
            .boxed();
        let head = warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .boxed();
        head.and(body)
            .and(warp::ext::optional::<OnUpgrade>())
            .map(|method, path: warp::path::FullPath, query, headers, body, upgrade| Self {
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                body,
                upgrade,
            })
            .boxed()
    }

    /// The value of a header; `None` too if it isn't text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Path and query, still percent-encoded.
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
        Some(length) if length > MAX_BODY_BYTES => Err(warp::reject::custom(BodyTooLong)),
        Some(_) | None => Ok(Bytes::new()),
    }
}

#[derive(Debug)]
struct BodyTooLong;

impl warp::reject::Reject for BodyTooLong {}

/// Turns a rejection of [`Request::filter`] into a response.
pub(super) async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    Ok(if rejection.find::<BodyTooLong>().is_some() {
        let message = format!("the body is longer than {MAX_BODY_BYTES} bytes");
        response::error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", &message)
    } else {
        let message = "the request could not be read";
        response::error(StatusCode::BAD_REQUEST, "bad_request", message)
    })
}
