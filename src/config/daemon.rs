//! The sections for the two listeners, the database and the supervision.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::business::duration_text;
use protocol::call::SessionAges;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::address::{self, HttpUrl, PublicUrl};
use super::secret;

/// `[server]`: Twilio's listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// The address at which Twilio reaches it. Webhooks are signed with it, and streams connect to it.
    pub public_url: PublicUrl,
    /// The address at which Twilio reaches this daemon and no other. `None`: the public one.
    #[serde(deserialize_with = "address::optional")]
    pub node_url: Option<PublicUrl>,
    /// The folder for records that the database does not take. Each daemon has its own.
    #[serde(deserialize_with = "folder")]
    pub state_dir: PathBuf,
    /// Makes the hashes by which people who were erased are recognised. `None`: one of its own in `state_dir`.
    #[serde(deserialize_with = "secret::optional")]
    pub person_key: Option<SecretString>,
    /// Whether a business's events may go to this machine and its network.
    pub allow_private_webhooks: bool,
    /// The most calls at once. Further callers hear an apology.
    pub max_calls: NonZeroUsize,
    /// How long running calls may go on after SIGTERM.
    #[serde(with = "duration_text")]
    pub drain_timeout: Duration,
    /// How long a media socket is waited for. Not a key of the file: `simulate` and tests shorten it.
    #[serde(skip)]
    pub patience: Patience,
}

/// How long a media socket and a session's renewal are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the handshake to `start` (OPS-6).
    pub start: Duration,
    /// For a call's stream to open, and to come back (CALL-2, CALL-5).
    pub stream: Duration,
    /// For the session to be replaced before OpenAI ends it (RES-3).
    pub sessions: SessionAges,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(10),
            stream: Duration::from_secs(15),
            sessions: SessionAges::default(),
        }
    }
}

/// `[admin]`: the operator's listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// The bearer token of its requests. Without a token there is no listener.
    #[serde(deserialize_with = "secret::optional")]
    pub token: Option<SecretString>,
    /// Whether a request may make an actor of a call panic.
    pub allow_actor_kill: bool,
}

/// `[console]`: the web console's own listener. The operator's listener shows the console too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Console {
    /// `None`: there is no such listener.
    #[serde(deserialize_with = "optional_listen")]
    pub listen: Option<SocketAddr>,
    /// The address at which browsers reach it. `None`: that of the listener.
    #[serde(deserialize_with = "address::optional")]
    pub public_url: Option<PublicUrl>,
}

/// `[database]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    pub url: DatabaseUrl,
}

/// `[supervision]`: how often each actor of a call may be restarted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Supervision {
    /// The most restarts within `period`; one more ends the call.
    pub intensity: u32,
    /// The time in which restarts are counted.
    #[serde(with = "duration_text")]
    pub period: Duration,
    /// The delay before the first restart, the second, and so on. The last is repeated.
    #[serde(with = "duration_text::list")]
    pub backoff: Vec<Duration>,
}

/// `[telemetry]`: where traces of calls go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// The address at which an OpenTelemetry collector takes traces. `None`: none are made.
    #[serde(deserialize_with = "address::optional")]
    pub otlp_url: Option<HttpUrl>,
}

/// `[log]`: what `serve` logs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Levels by module, as `RUST_LOG` has them. That variable outranks it.
    pub filter: String,
}

impl Log {
    /// The filter without a configuration.
    pub const DEFAULT_FILTER: &'static str = "info,ractor=warn,sqlx=warn,sea_orm_migration=warn";
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: Self::DEFAULT_FILTER.to_owned() }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: loopback(8080),
            public_url: PublicUrl::fixed("http://127.0.0.1:8080"),
            node_url: None,
            state_dir: ".".into(),
            person_key: None,
            allow_private_webhooks: false,
            max_calls: MAX_CALLS,
            drain_timeout: Duration::from_secs(5 * 60),
            patience: Patience::default(),
        }
    }
}

impl Server {
    /// Where the media streams of this daemon's calls connect. It names the daemon among others (RES-9).
    #[must_use]
    pub fn own_url(&self) -> &PublicUrl {
        self.node_url.as_ref().unwrap_or(&self.public_url)
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: loopback(8081), token: None, allow_actor_kill: false }
    }
}

impl Admin {
    /// The address and the token; `None` without a token, since nothing is served without one (OPS-6).
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

/// The URL of the database. It can contain a password, so `Debug` hides it.
#[derive(Clone)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    /// Accepts URLs of SQLite and PostgreSQL.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        entities::is_url(text).then(|| Self(text.into()))
    }

    /// The SQLite database in a file that exists.
    #[must_use]
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        // A question mark in a path would begin the parameters.
        let path = url::Url::from_file_path(path).ok()?;
        Self::parse(&format!("sqlite://{}", path.path()))
    }

    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.expose().starts_with("sqlite:")
    }

    /// What an operator may see of it: the file.
    #[must_use]
    pub fn shown(&self) -> String {
        entities::sqlite_file(self.expose())
            .map_or_else(|| "at database.url".to_owned(), |path| path.display().to_string())
    }

    /// The URL itself, to connect with.
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
                "not the URL of a database: expected \"sqlite://FILE?mode=rwc\", whose mode may also be rw, \
                 ro or memory, or \"postgres://USER@HOST/DATABASE\"",
            )
        })
    }
}

const MAX_CALLS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(199);

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    listen_text(&String::deserialize(deserializer)?)
}

fn listen_text<E: serde::de::Error>(text: &str) -> Result<SocketAddr, E> {
    text.parse().map_err(|_| {
        E::custom(format!(
            "{text:?} is not an address to listen on: expected an IP address and a port, \
             as in \"127.0.0.1:8080\""
        ))
    })
}

/// An empty text means none, so that the default file can name the key.
fn optional_listen<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { listen_text(&text).map(Some) }
}

fn folder<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() || text.contains('\0') {
        let message = "names no folder: expected one, as in \"/var/lib/frontdesk\"";
        return Err(serde::de::Error::custom(message));
    }
    Ok(text.into())
}
