//! Connects to OpenAI.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use protocol::openai::session::realtime_url;
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, Error as SocketError};
use tokio_tungstenite::{Connector as Tls, connect_async_tls_with_config};

use super::{Link, websocket_config};

/// How long TCP, TLS and the WebSocket upgrade may take together.
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
    #[error("connecting took longer than {CONNECT_PATIENCE:?}")]
    TimedOut,
}

pub type Connecting = Pin<Box<dyn Future<Output = Result<Link, ConnectError>> + Send>>;

/// Opens sessions with OpenAI Realtime, over a socket or in memory.
pub trait Connector: Send + Sync {
    /// Opens a session with this model.
    fn connect(&self, model: &str) -> Connecting;
}

/// Connects over `wss://`, or over `ws://` for tests and gateways.
pub struct OpenAiConnector {
    base_url: String,
    key: SecretString,
    tls: Arc<ClientConfig>,
}

impl OpenAiConnector {
    #[must_use]
    pub fn new(base_url: String, key: SecretString, tls: Arc<ClientConfig>) -> Self {
        Self { base_url, key, tls }
    }
}

impl Connector for OpenAiConnector {
    fn connect(&self, model: &str) -> Connecting {
        let request = self.request(model);
        let tls = Tls::Rustls(Arc::clone(&self.tls));
        Box::pin(async move {
            let no_delay = true;
            let connecting = connect_async_tls_with_config(
                request?,
                Some(websocket_config()),
                no_delay,
                Some(tls),
            );
            match tokio::time::timeout(CONNECT_PATIENCE, connecting).await {
                Ok(Ok((socket, _))) => Ok(Link::over(socket)),
                Ok(Err(error)) => Err(connect_error(error)),
                Err(_) => Err(ConnectError::TimedOut),
            }
        })
    }
}

impl OpenAiConnector {
    fn request(
        &self,
        model: &str,
    ) -> Result<tungstenite::handshake::client::Request, ConnectError> {
        let mut request = realtime_url(&self.base_url, model)
            .into_client_request()
            .map_err(|error| ConnectError::BadUrl(error.to_string()))?;
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| {
            ConnectError::BadUrl("the API key cannot be sent in a header".to_owned())
        })?;
        bearer.set_sensitive(true);
        request.headers_mut().insert("authorization", bearer);
        Ok(request)
    }
}

/// The TLS settings of the daemon's clients, with the system's root certificates. Build it once.
///
/// # Errors
/// If the crypto provider does not support the default protocol versions.
pub fn tls_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a root certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(native.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
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
