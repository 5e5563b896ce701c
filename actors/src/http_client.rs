//! The HTTP client of the daemon and its commands: HTTP/1.1, one time limit and one size limit per
//! request. It follows no redirects and uses no proxies. A [`Dialer`] opens its connections.

mod connect;
mod error;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::dialer::Dialer;
use connect::Connect;

pub use error::HttpError;

/// How long an idle connection is kept for the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// What becomes of a connection after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// It is kept for the next one.
    Kept,
    /// It is closed. Which connection a request gets then depends on nothing else.
    Closed,
}

/// Sends requests. Clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<Connect, Full<Bytes>>,
    patience: Duration,
    most_body: usize,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpClient")
    }
}

impl HttpClient {
    /// `patience` is how long a request may take, with connecting and reading the answer. At most
    /// `most_body` bytes of an answer's body are read.
    #[must_use]
    pub fn new(
        dialer: Arc<dyn Dialer>,
        connections: Connections,
        patience: Duration,
        most_body: usize,
    ) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        match connections {
            Connections::Kept => {
                builder.pool_idle_timeout(IDLE_TIMEOUT).pool_timer(TokioTimer::new())
            }
            Connections::Closed => builder.pool_max_idle_per_host(0),
        };
        Self { client: builder.build(Connect(dialer)), patience, most_body }
    }

    pub fn get(&self, url: &str) -> Request<'_> {
        self.request(Method::GET, url)
    }

    pub fn post(&self, url: &str) -> Request<'_> {
        self.request(Method::POST, url)
    }

    pub fn request(&self, method: Method, url: &str) -> Request<'_> {
        let head = http::Request::builder().method(method).uri(url);
        Request { client: self, head: head.header(ACCEPT, "*/*"), body: Bytes::new() }
    }
}

/// A request. If a part of it is malformed, [`send`](Self::send) fails.
#[derive(Debug)]
#[must_use]
pub struct Request<'a> {
    client: &'a HttpClient,
    head: Builder,
    body: Bytes,
}

impl Request<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head = self.head.header(name, value);
        self
    }

    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.authorization(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    pub fn bearer_auth(self, token: &str) -> Self {
        self.authorization(&format!("Bearer {token}"))
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, pairs: &[(K, V)]) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded").body(body)
    }

    pub fn json(self, value: &serde_json::Value) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json").body(value.to_string())
    }

    /// Sends the request and reads the answer.
    ///
    /// # Errors
    /// [`HttpError`] if there is no complete answer. A status is no error.
    pub async fn send(self) -> Result<Answer, HttpError> {
        let HttpClient { client, patience, most_body } = self.client;
        let request = self.head.body(Full::new(self.body));
        let request = request.map_err(|error| HttpError::malformed(&error))?;
        if request.uri().host().is_none() {
            return Err(HttpError::no_host());
        }
        let exchange = async {
            let response = client.request(request).await.map_err(|error| HttpError::of(&error))?;
            let (head, body) = response.into_parts();
            let body = read(body, *most_body).await?;
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        tokio::time::timeout(*patience, exchange)
            .await
            .unwrap_or_else(|_| Err(HttpError::timed_out(*patience)))
    }

    fn authorization(mut self, value: &str) -> Self {
        self.head = match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.head.header(AUTHORIZATION, value)
            }
            // The builder fails at it too, and keeps the error.
            Err(_) => self.head.header(AUTHORIZATION, value),
        };
        self
    }
}

/// Method, path and body, without the address of the server and the headers.
impl std::fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let method = self.head.method_ref().map_or("?", Method::as_str);
        let path = self.head.uri_ref().and_then(|uri| uri.path_and_query());
        let path = path.map_or("?", PathAndQuery::as_str);
        write!(f, "{method} {path} {}", String::from_utf8_lossy(&self.body))
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Truncated at the client's limit.
    pub body: Bytes,
}

impl Answer {
    /// The body as text. Bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Appends query parameters to a URL.
#[must_use]
pub fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{url}?{query}")
}

async fn read(mut body: Incoming, most: usize) -> Result<Bytes, HttpError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpError::broken(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        let room = most - read.len();
        read.extend_from_slice(&data[..data.len().min(room)]);
        if read.len() == most {
            break;
        }
    }
    Ok(read.into())
}
