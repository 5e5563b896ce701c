//! The commands' HTTP client: a few requests, each answered soon or not at all.

use std::time::Duration;

use ::actors::link::tls_config;
use reqwest::Client;
use thiserror::Error;

/// How long a connection may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// How long a request may take, connection and all.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why there is no client.
#[derive(Debug, Error)]
pub enum ClientError {
    /// TLS has no usable protocol.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The client itself.
    #[error("the HTTP client can't be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// A client with the system's certificates and short patience, that follows no redirects: a key
/// goes where it is meant to and nowhere else.
pub(super) fn client() -> Result<Client, ClientError> {
    let client = Client::builder()
        .tls_backend_preconfigured((*tls_config()?).clone())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_PATIENCE)
        .timeout(PATIENCE)
        .build()?;
    Ok(client)
}

/// Why a request was not answered, from the innermost cause and without its URL.
pub(super) fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
