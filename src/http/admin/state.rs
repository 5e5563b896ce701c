//! What the handlers of the operator's listener share.

use actors::call_parts::Services;
use actors::supervisor::{CallLimit, Calls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::elsewhere::Elsewhere;
use crate::config::PublicUrl;
use crate::http::readiness::Readiness;
use crate::live_settings::LiveSettings;

/// What the handlers of the operator's listener share.
pub struct AdminState {
    pub live: LiveSettings,
    pub calls: Calls,
    /// The most calls at once.
    pub limit: CallLimit,
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
