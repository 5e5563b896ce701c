//! The daemon itself: its two listeners, its database, its supervision.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use protocol::business::duration_text;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::address::PublicUrl;
use super::secret;

/// The listener that Twilio reaches.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where it listens.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// Where Twilio reaches it: what webhooks are signed over and streams connect to.
    pub public_url: PublicUrl,
    /// The most calls at once; past it callers hear an apology.
    pub max_calls: NonZeroUsize,
    /// How long running calls have to finish when the daemon is told to stop.
    #[serde(with = "duration_text")]
    pub drain_timeout: Duration,
    /// How long a media socket is waited for. No key of the file: only rehearsals hurry.
    #[serde(skip)]
    pub patience: Patience,
}

/// How long a media socket is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the handshake to `start` (OPS-6).
    pub start: Duration,
    /// For a call's stream to open, and to come back (CALL-2, CALL-5).
    pub stream: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { start: Duration::from_secs(10), stream: Duration::from_secs(15) }
    }
}

/// The operator's listener: API, console, introspection, metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Where it listens, if it does.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// The bearer token of every request. Without one there is no such listener.
    #[serde(deserialize_with = "secret::optional")]
    pub token: Option<SecretString>,
    /// Whether a request may make one of a call's actors panic.
    pub allow_actor_kill: bool,
}

/// Where everything is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// SQLite or PostgreSQL.
    pub url: DatabaseUrl,
}

/// How often each actor of a call may be started again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Supervision {
    /// The most restarts within `period`; one more ends the call.
    pub intensity: u32,
    /// The time in which restarts are counted.
    #[serde(with = "duration_text")]
    pub period: Duration,
    /// The wait before the first restart, the second and so on; the last is repeated.
    #[serde(with = "duration_text::list")]
    pub backoff: Vec<Duration>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: loopback(8080),
            public_url: PublicUrl::fixed("http://127.0.0.1:8080"),
            max_calls: MAX_CALLS,
            drain_timeout: Duration::from_secs(5 * 60),
            patience: Patience::default(),
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: loopback(8081), token: None, allow_actor_kill: false }
    }
}

impl Admin {
    /// Where to listen and what token to ask for; `None` where no token was given, for nothing is
    /// ever served without one (OPS-6).
    #[must_use]
    pub fn listener(&self) -> Option<(SocketAddr, &SecretString)> {
        self.token.as_ref().map(|token| (self.listen, token))
    }
}

impl Default for Supervision {
    fn default() -> Self {
        Self {
            intensity: 5,
            period: Duration::from_secs(60),
            backoff: [0, 100, 1000].map(Duration::from_millis).to_vec(),
        }
    }
}

/// The database's address. It can hold a password and is never shown.
#[derive(Clone)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    const SCHEMES: [&str; 3] = ["sqlite:", "postgres://", "postgresql://"];

    /// Takes an address of SQLite or PostgreSQL.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let known = Self::SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        known.then(|| Self(text.into()))
    }

    /// Whether it is a file of this machine's.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.expose().starts_with("sqlite:")
    }

    /// The address itself, to connect with.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self("sqlite://frontdesk.db?mode=rwc".into())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_sqlite() { "sqlite:[REDACTED]" } else { "postgres:[REDACTED]" })
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            serde::de::Error::custom(
                "not the address of a database: expected \"sqlite://…\" or \"postgres://…\"",
            )
        })
    }
}

const MAX_CALLS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(199);

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!(
            "{text:?} is not an address to listen on: expected an IP address and a port, \
             as in \"127.0.0.1:8080\""
        ))
    })
}
