//! The settings that a running daemon can change, as listeners and the stop read them: `app::Reloader` sets
//! them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use crate::config::Config;

/// What listeners and the stop read each time they need it. Clones share it.
#[derive(Debug, Clone)]
pub struct LiveSettings(Arc<watch::Sender<Values>>);

#[derive(Debug, Clone)]
struct Values {
    drain_timeout: Duration,
    upstream_patience: Duration,
    allow_actor_kill: bool,
    admin_token: Option<AdminToken>,
}

impl LiveSettings {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(watch::Sender::new(Values::of(config))))
    }

    /// How long running calls may go on after SIGTERM.
    #[must_use]
    pub fn drain_timeout(&self) -> Duration {
        self.0.borrow().drain_timeout
    }

    /// How long a new call goes on without a session (RES-3).
    #[must_use]
    pub fn upstream_patience(&self) -> Duration {
        self.0.borrow().upstream_patience
    }

    /// Whether a request may make an actor panic.
    #[must_use]
    pub fn allow_actor_kill(&self) -> bool {
        self.0.borrow().allow_actor_kill
    }

    /// The token of the operator's requests. Without one none is admitted.
    #[must_use]
    pub fn admin_token(&self) -> Option<AdminToken> {
        self.0.borrow().admin_token.clone()
    }

    /// Gives them the values of another configuration.
    pub(crate) fn replace(&self, config: &Config) {
        self.0.send_replace(Values::of(config));
    }
}

impl Values {
    fn of(config: &Config) -> Self {
        let token = config.admin.token.as_ref();
        Self {
            drain_timeout: config.server.drain_timeout,
            upstream_patience: config.openai.upstream_patience,
            allow_actor_kill: config.admin.allow_actor_kill,
            admin_token: token.map(|token| AdminToken::new(token.expose_secret())),
        }
    }
}

/// The SHA-256 digest of the operator's token.
#[derive(Clone)]
pub struct AdminToken([u8; 32]);

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminToken").finish_non_exhaustive()
    }
}

impl AdminToken {
    /// Lets in the requests that carry `token`.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether a request with this `Authorization` carries the token. Digests are compared, in constant time.
    pub(crate) fn admits(&self, authorization: Option<&str>) -> bool {
        let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let given: [u8; 32] = Sha256::digest(bearer.unwrap_or_default()).into();
        bearer.is_some() && bool::from(given.ct_eq(&self.0))
    }
}
