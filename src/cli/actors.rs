//! `frontdesk actors`: asks the running daemon for its actors and draws them (OPS-2).

use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ::actors::http_client::HttpClient;
use ::actors::introspection::ActorView;
use ::http::StatusCode;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;

use super::{CliError, Exit, http};
use crate::config::{Admin, Config};
use crate::tree;

/// How often the tree is drawn anew.
const REDRAW: Duration = Duration::from_secs(1);

/// Moves a terminal's cursor home and clears what is below and above.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Which daemon to ask, and how often.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Draw it anew every second, until interrupted.
    #[arg(long)]
    watch: bool,
    /// The daemon's admin listener. Default: where the configuration has it, on this machine.
    #[arg(long, value_name = "http://HOST:PORT")]
    url: Option<String>,
    /// Its token. Default: the configuration's.
    #[arg(long)]
    token: Option<SecretString>,
}

/// Why the actors can't be shown.
#[derive(Debug, Error)]
pub enum ActorsError {
    /// There is no token to ask with.
    #[error(
        "no token: give --token, or set admin.token (FRONTDESK__ADMIN__TOKEN) as the daemon has it"
    )]
    NoToken,
    /// Nobody listens there.
    #[error("{url} can't be reached: {reason}. Is `frontdesk serve` running, with an admin.token?")]
    Unreachable {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The token is not the daemon's.
    #[error("the daemon at {0} refused the token: give the one it was started with")]
    Unauthorized(String),
    /// Something answered that is not a daemon.
    #[error("{url} answered {status}: is that the admin listener of a daemon?")]
    Unexpected {
        /// The address.
        url: String,
        /// The status.
        status: StatusCode,
    },
    /// It answered with something else.
    #[error("{url} answered with something else than actors: {reason}")]
    Unreadable {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Draws the tree, once or until interrupted.
pub(super) async fn run(
    options: Options,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let daemon = Daemon::of(&options, &config.admin)?;
    if !options.watch {
        let actors = daemon.actors().await?;
        write!(out, "{}", tree::draw(&actors))?;
        return Ok(Exit::Clean);
    }
    let clear = if std::io::stdout().is_terminal() { CLEAR } else { "" };
    let mut ticks = tokio::time::interval(REDRAW);
    loop {
        ticks.tick().await;
        // A daemon that is gone may be back in a moment: that is worth watching for.
        let picture = match daemon.actors().await {
            Ok(actors) => tree::draw(&actors),
            Err(error) => format!("{error}\n"),
        };
        write!(out, "{clear}{picture}")?;
        out.flush()?;
    }
}

struct Daemon {
    client: HttpClient,
    url: String,
    token: SecretString,
}

#[derive(Deserialize)]
struct Answer {
    actors: Vec<ActorView>,
}

impl Daemon {
    fn of(options: &Options, admin: &Admin) -> Result<Self, CliError> {
        let token = options.token.clone().or_else(|| admin.token.clone());
        let token = token.ok_or(ActorsError::NoToken)?;
        let url = options.url.clone().unwrap_or_else(|| format!("http://{}", near(admin.listen)));
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { client: http::client()?, url, token })
    }

    async fn actors(&self) -> Result<Vec<ActorView>, ActorsError> {
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

/// How a listener of this machine's is reached from here.
fn near(listen: SocketAddr) -> SocketAddr {
    let ip = listen.ip();
    let loopback: IpAddr =
        if ip.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let ip = if ip.is_unspecified() { loopback } else { ip };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests;
