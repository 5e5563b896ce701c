//! Connects to OpenAI.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use protocol::openai::session::realtime_url;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, uri_mode};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::Link;
use crate::dialer::{Dialer, causes, timed_out};

/// How long dialing and the WebSocket upgrade may take together.
const CONNECT_PATIENCE: Duration = Duration::from_secs(6);

#[derive(Debug, Error)]
pub enum ConnectError {
    /// The server answered with an HTTP status in place of the upgrade.
    #[error("the server refused the upgrade with status {status}")]
    Refused { status: u16 },
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The URL or the API key is invalid.
    #[error("{0}")]
    BadUrl(String),
    #[error("connecting took too long")]
    TimedOut,
}

pub type Connecting = Pin<Box<dyn Future<Output = Result<Link, ConnectError>> + Send>>;

/// Opens sessions with OpenAI Realtime, over a socket or in memory.
pub trait Connector: Send + Sync {
    /// Opens a session with this model.
    fn connect(&self, model: &str) -> Connecting;

    /// Opens further sessions with this API key. A connection without keys ignores it.
    fn replace_key(&self, _key: SecretString) {}
}

/// Connects over `wss://`, or over `ws://` for tests and gateways.
pub struct OpenAiConnector {
    base_url: String,
    key: RwLock<SecretString>,
    dialer: Arc<dyn Dialer>,
}

impl OpenAiConnector {
    #[must_use]
    pub fn new(base_url: String, key: SecretString, dialer: Arc<dyn Dialer>) -> Self {
        Self { base_url, key: RwLock::new(key), dialer }
    }
}

impl Connector for OpenAiConnector {
    fn connect(&self, model: &str) -> Connecting {
        let request = self.request(model);
        let dialer = Arc::clone(&self.dialer);
        Box::pin(async move {
            let connecting = open(request?, &*dialer);
            let opened = tokio::time::timeout(CONNECT_PATIENCE, connecting).await;
            opened.unwrap_or(Err(ConnectError::TimedOut))
        })
    }

    fn replace_key(&self, key: SecretString) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

impl OpenAiConnector {
    fn request(&self, model: &str) -> Result<Request, ConnectError> {
        let bad_url = |error: SocketError| ConnectError::BadUrl(error.to_string());
        let url = realtime_url(&self.base_url, model);
        let mut request = url.into_client_request().map_err(bad_url)?;
        // Neither `ws` nor `wss`.
        uri_mode(request.uri()).map_err(bad_url)?;
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        let bearer = format!("Bearer {}", key.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            ConnectError::BadUrl("the API key cannot be sent in a header".to_owned())
        })?;
        bearer.set_sensitive(true);
        request.headers_mut().insert("authorization", bearer);
        Ok(request)
    }
}

async fn open(request: Request, dialer: &dyn Dialer) -> Result<Link, ConnectError> {
    let stream = dialer.dial(request.uri().clone()).await.map_err(|error| dial_error(&error))?;
    Link::connect(stream, request).await.map_err(connect_error)
}

fn dial_error(error: &io::Error) -> ConnectError {
    let inner = error.get_ref();
    if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
        return ConnectError::Tls(error.to_string());
    }
    if timed_out(error) {
        return ConnectError::TimedOut;
    }
    let texts: Vec<_> = causes(error).map(ToString::to_string).collect();
    ConnectError::Unreachable(texts.join(": "))
}

fn connect_error(error: SocketError) -> ConnectError {
    match error {
        SocketError::Http(response) => ConnectError::Refused { status: response.status().as_u16() },
        SocketError::Tls(error) => ConnectError::Tls(error.to_string()),
        SocketError::Url(error) => ConnectError::BadUrl(error.to_string()),
        error @ (SocketError::ConnectionClosed
        | SocketError::AlreadyClosed
        | SocketError::Io(_)
        | SocketError::Capacity(_)
        | SocketError::Protocol(_)
        | SocketError::WriteBufferFull(_)
        | SocketError::Utf8(_)
        | SocketError::AttackAttempt
        | SocketError::HttpFormat(_)) => ConnectError::Unreachable(error.to_string()),
    }
}
