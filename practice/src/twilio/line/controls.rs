//! The faults that a caller can cause on media sockets.

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Controls the media sockets of a running `<Connect>`.
#[derive(Debug, Clone)]
pub(crate) struct StreamControls {
    /// Cuts every open socket.
    pub(crate) cut: CancellationToken,
    /// While true, the sockets are not read.
    pub(crate) stalled: watch::Sender<bool>,
    /// Opens another socket.
    pub(crate) another: mpsc::Sender<()>,
}
