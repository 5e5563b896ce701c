//! The commands' HTTP client, with short timeouts.

use std::sync::Arc;
use std::time::Duration;

use ::actors::dialer::{TcpDialer, tls_config};
use ::actors::http_client::{Connections, HttpClient, HttpError};
use thiserror::Error;

/// How long a connection may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// How long a request may take, with its connection.
const PATIENCE: Duration = Duration::from_secs(8);
/// The largest answer, in bytes. A page of 1,000 numbers and the actors of 1,000 calls have about 2 MB.
const MOST_BODY: usize = 16 * 1024 * 1024;

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// A client that trusts the system's certificates. It follows no redirects, so a key goes only to the
/// configured host.
pub(super) fn client() -> Result<HttpClient, ClientError> {
    let dialer = TcpDialer::new(tls_config()?, CONNECT_PATIENCE);
    Ok(HttpClient::new(Arc::new(dialer), Connections::Kept, PATIENCE, MOST_BODY))
}

/// Why a request was not answered: the innermost cause, without the address.
pub(super) fn reason(error: &HttpError) -> String {
    if error.is_timeout() { "no answer in time".to_owned() } else { error.innermost().to_owned() }
}
