//! An HTTP request as the handlers get it: read in full, within the size limit.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use super::response;

/// The largest body that is accepted.
const MAX_BODY_BYTES: u64 = 64 * 1024;
/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// A request whose body was read whole: 64 KiB at most, within 10 s.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, still percent-encoded, without the question mark.
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The other end of the connection: the client, or a proxy before it.
    pub peer: Option<IpAddr>,
    /// The connection, if it can become a WebSocket.
    pub upgrade: Option<OnUpgrade>,
}

impl Request {
    /// Boxed in parts: each filter's type holds those of all before it, and the compiler's work grows
    /// with them.
    pub(super) fn filter() -> BoxedFilter<(Self,)> {
        let query = warp::query::raw().map(Some).or(warp::any().map(|| None)).unify().boxed();
        let body = warp::header::optional::<u64>("content-length")
            .and(warp::body::stream())
            .and_then(read_body)
            .boxed();
        let head = warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .boxed();
        head.and(body)
            .and(warp::ext::optional::<Peer>())
            .and(warp::ext::optional::<OnUpgrade>())
            .map(|method, path: FullPath, query, headers, body, peer: Option<Peer>, upgrade| Self {
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                body,
                peer: peer.map(|peer| peer.0),
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

/// Reads a body of known length. One without Content-Length is not read: neither Twilio nor browsers send
/// a chunked one.
async fn read_body<S, B>(length: Option<u64>, body: S) -> Result<Bytes, Rejection>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    match length {
        None => return Ok(Bytes::new()),
        Some(length) if length > MAX_BODY_BYTES => return Err(warp::reject::custom(Body::TooLong)),
        Some(_) => {}
    }
    let reading = async {
        let mut body = std::pin::pin!(body);
        let mut read = BytesMut::new();
        while let Some(part) = body.next().await {
            read.put(part.map_err(|_| warp::reject::custom(Body::Broken))?);
        }
        Ok(read.freeze())
    };
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(read) => read,
        Err(_) => Err(warp::reject::custom(Body::TooSlow)),
    }
}

/// What is wrong with a body.
#[derive(Debug)]
enum Body {
    TooLong,
    TooSlow,
    Broken,
}

impl warp::reject::Reject for Body {}

/// Turns a rejection of [`Request::filter`] into a response.
pub(super) async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    Ok(match rejection.find::<Body>() {
        Some(Body::TooLong) => {
            let message = format!("the body is longer than {MAX_BODY_BYTES} bytes");
            response::error(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", &message)
        }
        Some(Body::TooSlow) => {
            let message = format!("the body did not come within {BODY_TIMEOUT:?}");
            response::error(StatusCode::REQUEST_TIMEOUT, "body_too_slow", &message)
        }
        Some(Body::Broken) | None => {
            let message = "the request could not be read";
            response::error(StatusCode::BAD_REQUEST, "bad_request", message)
        }
    })
}
