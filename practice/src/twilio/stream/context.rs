//! What one media socket needs of its call.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::twilio::callbacks::Callback;
use crate::twilio::line::{Line, StreamControls};
use crate::twilio::network::Network;
use crate::twilio::twiml::Stream;

#[derive(Clone)]
pub(super) struct SocketContext {
    pub(super) network: Arc<Network>,
    pub(super) line: Arc<Line>,
    pub(super) stream: Arc<Stream>,
    pub(super) callbacks: mpsc::Sender<Callback>,
    pub(super) controls: StreamControls,
    pub(super) stop: CancellationToken,
}
