//! A client of a running daemon's admin listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ::actors::http_client::HttpClient;
use ::actors::introspection::ActorView;
use ::http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::cli::http;

/// Why the actors can't be shown.
#[derive(Debug, Error)]
pub enum ActorsError {
    #[error(
        "no token: give --token, or set admin.token (FRONTDESK__ADMIN__TOKEN) as the daemon has it"
    )]
    NoToken,
    #[error("{url} can't be reached: {reason}. Is `frontdesk serve` running, with an admin.token?")]
    Unreachable { url: String, reason: String },
    #[error("the daemon at {0} refused the token: give the one that it was started with")]
    Unauthorized(String),
    #[error("{url} answered {status}: is that the admin listener of a daemon?")]
    Unexpected { url: String, status: StatusCode },
    #[error("{url} answered with something else than actors: {reason}")]
    Unreadable { url: String, reason: String },
}

/// The admin listener of a running daemon.
pub(super) struct Daemon {
    client: HttpClient,
    url: String,
    token: SecretString,
}

#[derive(Deserialize)]
struct Answer {
    actors: Vec<ActorView>,
}

impl Daemon {
    /// `url` is the listener's, without a path.
    pub(super) fn new(client: HttpClient, url: &str, token: SecretString) -> Self {
        Self { client, url: url.trim_end_matches('/').to_owned(), token }
    }

    /// All actors.
    pub(super) async fn actors(&self) -> Result<Vec<ActorView>, ActorsError> {
        let url = || self.url.clone();
        let request = self.client.get(&format!("{}/introspect/actors", self.url));
        let sent = request.bearer_auth(self.token.expose_secret()).send().await;
        let answer = sent.map_err(|error| ActorsError::Unreachable {
            url: url(),
            reason: http::reason(&error),
        })?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(ActorsError::Unauthorized(url()));
            }
            status => return Err(ActorsError::Unexpected { url: url(), status }),
        }
        let answer: Answer = serde_json::from_slice(&answer.body)
            .map_err(|error| ActorsError::Unreadable { url: url(), reason: error.to_string() })?;
        Ok(answer.actors)
    }
}

/// The address at which this machine reaches a listener of its own.
pub(super) fn local_address(listen: SocketAddr) -> SocketAddr {
    let ip = listen.ip();
    let loopback: IpAddr =
        if ip.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let ip = if ip.is_unspecified() { loopback } else { ip };
    SocketAddr::new(ip, listen.port())
}
