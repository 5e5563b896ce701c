//! A media socket as it is seen from outside.

use std::time::Duration;

use bytes::Bytes;
use protocol::ids::StreamSid;

/// One media socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamView {
    /// The stream.
    pub stream_sid: StreamSid,
    /// When its handshake was answered.
    pub opened_at: Duration,
    /// Media messages sent to the daemon.
    pub frames_sent: u64,
    /// Frames that the daemon was too slow to take.
    pub frames_dropped: u64,
    /// Bytes of audio that came from the daemon.
    pub bytes_received: u64,
    /// The audio of each media message from the daemon, if the carrier keeps it.
    pub audio: Vec<Bytes>,
    /// `clear` messages that came, with the time of each.
    pub cleared_at: Vec<Duration>,
    /// Marks that were echoed, in order.
    pub echoes: Vec<Echo>,
    /// How it ended, once it has.
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

/// A mark that went back to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Echo {
    /// Its name.
    pub name: String,
    /// When.
    pub at: Duration,
    /// Whether its audio had been played, or `clear` threw it away.
    pub played: bool,
}

/// How a media socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// The daemon closed it.
    ServerClosed,
    /// It broke without a close frame.
    Broken,
    /// The caller's side cut it without a word.
    Cut,
    /// The carrier said `stop`: the call ended or went elsewhere.
    Stopped,
    /// It was never opened: refused, not reached, or not allowed.
    NotOpened,
}
