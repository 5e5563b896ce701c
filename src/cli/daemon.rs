//! A client of a running daemon's admin listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ::actors::http_client::{HttpClient, Request};
use ::actors::introspection::ActorView;
use ::http::StatusCode;
use clap::Args;
use protocol::ids::CallSid;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;

use super::http::{self, ClientError};
use crate::config::Admin;

/// Which daemon a command asks.
#[derive(Debug, Clone, Default, Args)]
pub struct DaemonOptions {
    /// The daemon's admin listener. Default: admin.listen of the configuration, on this machine.
    #[arg(long, value_name = "http://HOST:PORT")]
    pub(super) url: Option<String>,
    /// Its token. Default: admin.token of the configuration.
    #[arg(long)]
    pub(super) token: Option<SecretString>,
}

/// Why a daemon did not do what it was asked.
#[derive(Debug, Error)]
pub enum DaemonError {
    #[error(
        "no token: give --token, or set admin.token (FRONTDESK__ADMIN__TOKEN) as the daemon has it"
    )]
    NoToken,
    #[error("{url} can't be reached: {reason}. Is `frontdesk serve` running, with an admin.token?")]
    Unreachable { url: String, reason: String },
    #[error("the daemon at {0} refused the token: give the one that it was started with")]
    Unauthorized(String),
    /// The daemon's own words.
    #[error("{0}")]
    Refused(String),
    #[error("{url} answered {status}: is that the admin listener of a daemon?")]
    Unexpected { url: String, status: StatusCode },
    #[error("{url} answered with something else than {what}: {reason}")]
    Unreadable { url: String, what: &'static str, reason: String },
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The admin listener of a running daemon.
pub(super) struct Daemon {
    client: HttpClient,
    url: String,
    token: SecretString,
}

#[derive(Deserialize)]
struct Actors {
    actors: Vec<ActorView>,
}

/// The body of the API's errors.
#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
}

impl Daemon {
    pub(super) fn new(options: &DaemonOptions, admin: &Admin) -> Result<Self, DaemonError> {
        let token = options.token.clone().or_else(|| admin.token.clone());
        let token = token.ok_or(DaemonError::NoToken)?;
        let configured = || format!("http://{}", local_address(admin.listen));
        let url = options.url.clone().unwrap_or_else(configured);
        Ok(Self { client: http::client()?, url: url.trim_end_matches('/').to_owned(), token })
    }

    /// All actors.
    pub(super) async fn actors(&self) -> Result<Vec<ActorView>, DaemonError> {
        let asked = self.client.get(&format!("{}/introspect/actors", self.url));
        let body = self.send(asked, StatusCode::OK).await?;
        let answer: Actors =
            serde_json::from_slice(&body).map_err(|error| DaemonError::Unreadable {
                url: self.url.clone(),
                what: "actors",
                reason: error.to_string(),
            })?;
        Ok(answer.actors)
    }

    /// Ends a running call.
    pub(super) async fn hang_up(&self, call: &CallSid) -> Result<(), DaemonError> {
        let asked = self.client.post(&format!("{}/api/calls/{call}/hangup", self.url));
        self.send(asked, StatusCode::ACCEPTED).await.map(drop)
    }

    /// The body of an answer that must have this status.
    async fn send(
        &self,
        request: Request<'_>,
        expected: StatusCode,
    ) -> Result<bytes::Bytes, DaemonError> {
        let url = || self.url.clone();
        let sent = request.bearer_auth(self.token.expose_secret()).send().await;
        let answer = sent.map_err(|error| DaemonError::Unreachable {
            url: url(),
            reason: http::reason(&error),
        })?;
        match answer.status {
            status if status == expected => Ok(answer.body),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(DaemonError::Unauthorized(url()))
            }
            status => Err(match serde_json::from_slice::<Refusal>(&answer.body) {
                Ok(refusal) => DaemonError::Refused(refusal.error.message),
                Err(_) => DaemonError::Unexpected { url: url(), status },
            }),
        }
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
