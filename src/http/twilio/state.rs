//! What the handlers of Twilio's listener share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use actors::call_parts::Services;
use actors::supervisor::Calls;
use protocol::twilio::signature::Signatures;
use protocol::twilio::token::StreamTokens;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::directory::Directory;
use super::door_transfers::DoorTransfers;
use crate::config::{Patience, PublicUrl};
use crate::http::readiness::Readiness;
use crate::live_settings::LiveSettings;

/// The most media sockets without a `start`. Each has been signed by Twilio.
pub const MAX_UNSTARTED: usize = 1024;

/// What the handlers of Twilio's listener share.
pub struct TwilioState {
    /// The address at which Twilio reaches this listener.
    pub public_url: PublicUrl,
    /// The address at which Twilio reaches this daemon and no other: streams connect to it.
    pub node_url: PublicUrl,
    /// Checks signatures; `None` if they are not checked.
    pub signatures: Option<Signatures>,
    /// Issues and checks the tokens of media streams.
    pub tokens: StreamTokens,
    pub calls: Calls,
    pub services: Services,
    pub live: LiveSettings,
    /// How long a media socket is waited for.
    pub patience: Patience,
    /// The number of media handshakes so far. The order of handshakes tells which stream is newer.
    pub handshakes: AtomicU64,
    /// The tasks that a stop waits for.
    pub tasks: TaskTracker,
    /// Closes media sockets that no call has yet.
    pub stop: CancellationToken,
    /// Places for media sockets that no call has yet.
    pub unstarted: Arc<Semaphore>,
    pub readiness: Readiness,
    pub directory: Directory,
    pub door_transfers: DoorTransfers,
}
