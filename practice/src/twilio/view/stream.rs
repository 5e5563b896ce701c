//! The view of one media socket. Times are line time.

use std::time::Duration;

use bytes::Bytes;
use protocol::ids::StreamSid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamView {
    pub stream_sid: StreamSid,
    /// When the handshake was answered.
    pub opened_at: Duration,
    pub frames_sent: u64,
    /// Frames dropped because the daemon reads too slowly.
    pub frames_dropped: u64,
    /// Bytes of audio from the daemon.
    pub bytes_received: u64,
    /// The audio of each media message from the daemon, if the carrier keeps audio.
    pub audio: Vec<Bytes>,
    /// When each `clear` came.
    pub cleared_at: Vec<Duration>,
    /// Echoed marks, in order.
    pub echoes: Vec<Echo>,
    /// How the socket ended, once it has.
    pub ended: Option<StreamEnd>,
}

impl StreamView {
    pub fn opened(stream_sid: StreamSid, opened_at: Duration) -> Self {
        Self {
            stream_sid,
            opened_at,
            frames_sent: 0,
            frames_dropped: 0,
            bytes_received: 0,
            audio: Vec::new(),
            cleared_at: Vec::new(),
            echoes: Vec::new(),
            ended: None,
        }
    }
}

/// A mark echoed to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    pub name: String,
    pub at: Duration,
    /// Whether the audio before it was played; false if `clear` discarded it.
    pub played: bool,
}

/// How a media socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The daemon closed it.
    ServerClosed,
    /// It ended without a close frame.
    Broken,
    /// [`CallerHandle::cut_socket`](crate::twilio::CallerHandle::cut_socket).
    Cut,
    /// The carrier sent `stop`: the call ended or went on with another document.
    Stopped,
    /// It was refused, not reached, or not allowed.
    NotOpened,
}
