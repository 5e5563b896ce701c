//! A small HTTP/1.1 client: one connection per request, redirects followed, sizes and times limited.
//!
//! Each request opens its own connection, so a refused connection is never mistaken for a kept one
//! that has died.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use crate::transport::Dialer;

/// The most redirects followed.
const REDIRECTS: usize = 10;

/// The largest body taken, in bytes.
const LARGEST_BODY: usize = 16 << 20;

/// Sends requests. Clones share the TLS configuration, which is built for the first `https` URL.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    dialer: Arc<dyn Dialer>,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
}

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// To open a connection, TLS included.
    pub(crate) connect: Duration,
    /// From the first connection to the last byte of the body, redirects included.
    pub(crate) total: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The address that answered, after redirects.
    pub(crate) url: Url,
}

/// Why there is no response.
#[derive(Debug, Error)]
pub(crate) enum HttpError {
    #[error("not a URL of a web server: {0}")]
    Url(String),
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    #[error("more than {REDIRECTS} redirects")]
    Redirects,
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("an answer of more than {LARGEST_BODY} bytes")]
    TooLarge,
    #[error("the connection failed: {0}")]
    Exchange(String),
}

impl Request {
    /// # Errors
    /// [`HttpError::Url`] if the URL is not one of `http` or `https`.
    pub(crate) fn new(method: Method, url: &str) -> Result<Self, HttpError> {
        let url = Url::parse(url).map_err(|error| HttpError::Url(format!("{url}: {error}")))?;
        let mut request =
            Self { method, url: web_url(url)?, headers: HeaderMap::new(), body: Bytes::new() };
        request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let password = request.url.password().map(str::to_owned);
        if password.is_some() || !request.url.username().is_empty() {
            let user = request.url.username().to_owned();
            request = request.basic_auth(&user, password.as_deref().unwrap_or_default())?;
        }
        Ok(request)
    }

    /// # Errors
    /// [`HttpError::Exchange`] if the value can't stand in a header.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Result<Self, HttpError> {
        let value = HeaderValue::from_str(value)
            .map_err(|error| HttpError::Exchange(format!("{name}: {error}")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// # Errors
    /// As [`Request::header`].
    pub(crate) fn basic_auth(self, user: &str, password: &str) -> Result<Self, HttpError> {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        self.header(AUTHORIZATION, &format!("Basic {credentials}"))
    }

    #[must_use]
    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The request that a redirect asks for; `None` if the response is not a redirect.
    fn redirected(&self, response: &Response) -> Option<Self> {
        let mut next = self.clone();
        match response.status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
                if next.method != Method::HEAD {
                    next.method = Method::GET;
                }
                next.body = Bytes::new();
                for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING] {
                    next.headers.remove(name);
                }
            }
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {}
            _ => return None,
        }
        let location = response.headers.get(LOCATION)?.to_str().ok()?;
        next.url = web_url(self.url.join(location).ok()?).ok()?;
        if next.url[..Position::BeforePath] != self.url[..Position::BeforePath] {
            next.headers.remove(AUTHORIZATION);
        }
        Some(next)
    }
}

impl Client {
    pub(crate) fn new(dialer: Arc<dyn Dialer>) -> Self {
        Self { dialer, tls: Arc::default() }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`HttpError`] says what failed.
    pub(crate) async fn send(
        &self,
        request: Request,
        limits: Timeouts,
    ) -> Result<Response, HttpError> {
        let following = self.follow(request, limits.connect);
        match tokio::time::timeout(limits.total, following).await {
            Ok(result) => result,
            Err(_) => Err(HttpError::Timeout(limits.total)),
        }
    }

    async fn follow(&self, mut request: Request, connect: Duration) -> Result<Response, HttpError> {
        for _ in 0..=REDIRECTS {
            let response = self.send_once(&request, connect).await?;
            match request.redirected(&response) {
                Some(next) => request = next,
                None => return Ok(response),
            }
        }
        Err(HttpError::Redirects)
    }

    async fn send_once(&self, request: &Request, limit: Duration) -> Result<Response, HttpError> {
        let url = &request.url;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or(80);
        let connecting = self.dialer.dial(host, port);
        if url.scheme() == "http" {
            return exchange(request, within(limit, connecting).await?).await;
        }
        let connecting = async {
            let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
            TlsConnector::from(self.tls()).connect(name, connecting.await?).await
        };
        exchange(request, within(limit, connecting).await?).await
    }

    /// TLS with the system's root certificates.
    fn tls(&self) -> Arc<ClientConfig> {
        let config = self.tls.get_or_init(|| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
        });
        Arc::clone(config)
    }
}

async fn within<T>(
    limit: Duration,
    connecting: impl Future<Output = std::io::Result<T>>,
) -> Result<T, HttpError> {
    match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(HttpError::Connect(error.to_string())),
        Err(_) => Err(HttpError::ConnectTimeout(limit)),
    }
}

async fn exchange(
    request: &Request,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<Response, HttpError> {
    let failed = |error: hyper::Error| HttpError::Exchange(with_causes(&error));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // Ends the connection when the answer is complete, or nobody waits for it any more.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let mut wire = http::Request::new(Full::new(request.body.clone()));
    *wire.method_mut() = request.method.clone();
    *wire.uri_mut() = request.url[Position::BeforePath..Position::AfterQuery]
        .parse()
        .map_err(|error| HttpError::Url(format!("{}: {error}", request.url)))?;
    *wire.headers_mut() = request.headers.clone();
    let host = HeaderValue::from_str(&request.url[Position::BeforeHost..Position::AfterPort])
        .map_err(|error| HttpError::Url(format!("{}: {error}", request.url)))?;
    wire.headers_mut().insert(HOST, host);
    let (head, body) = sender.send_request(wire).await.map_err(failed)?.into_parts();
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            HttpError::TooLarge
        } else {
            HttpError::Exchange(error.to_string())
        }
    })?;
    Ok(Response {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes(),
        url: request.url.clone(),
    })
}

fn web_url(url: Url) -> Result<Url, HttpError> {
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(url);
    }
    Err(HttpError::Url(url.into()))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
