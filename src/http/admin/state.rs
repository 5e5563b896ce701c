//! What the handlers of the operator's listener share.

use actors::call_parts::Services;
use actors::supervisor::Calls;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::elsewhere::Elsewhere;
use crate::config::PublicUrl;
use crate::http::readiness::Readiness;
use crate::http::request::Request;

/// What the handlers of the operator's listener share.
pub struct AdminState {
    pub token: AdminToken,
    /// Whether a request may make an actor panic.
    pub allow_actor_kill: bool,
    pub calls: Calls,
    /// The most calls at once.
    pub max_calls: usize,
    pub services: Services,
    /// The address at which Twilio reaches the other listener.
    pub public_url: PublicUrl,
    pub readiness: Readiness,
    /// Calls that Twilio is being asked for. They outlive the requests that asked.
    pub placing: TaskTracker,
    /// What the other nodes show.
    pub elsewhere: Elsewhere,
    /// Ends open event streams.
    pub stop: CancellationToken,
}

/// The SHA-256 digest of the operator's token.
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// Lets in the requests that carry `token`.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether the request carries the token. Digests are compared, in constant time.
    pub(super) fn admits(&self, request: &Request) -> bool {
        let bearer =
            request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let given: [u8; 32] = Sha256::digest(bearer.unwrap_or_default()).into();
        bearer.is_some() && bool::from(given.ct_eq(&self.0))
    }
}
