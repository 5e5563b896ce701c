//! Text frames over a socket or over memory: the one shape in which Twilio's and OpenAI's WebSockets
//! reach the actors. Pings are answered underneath.

mod connect;
#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt, future};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_util::sync::PollSender;

pub use connect::{ConnectError, Connecting, Connector, OpenAiConnector, tls_config};

/// The longest message taken from a peer, in bytes. Twilio's are below 1 KiB, OpenAI's audio deltas
/// some tens; a 15 s turn told to a new session is 160 KB of base64.
const MOST_BYTES: usize = 1 << 20;

/// A frame's text, shared with the buffer it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Utf8Bytes);

impl Text {
    /// The same text as bytes that can be sliced without copying.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        self.0.as_ref()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_str()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message.
    Text(Text),
    /// A binary message of so many bytes: neither provider sends any.
    Binary(usize),
    /// A ping.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// The peer closes, or we do.
    Close {
        /// The close code, if there is one.
        code: Option<u16>,
        /// The reason in words.
        reason: String,
    },
}

impl Frame {
    /// A text message.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// A link broke.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The socket did.
    #[error(transparent)]
    Socket(Box<tungstenite::Error>),
    /// The peer, in memory, is gone.
    #[error("the peer is gone")]
    Gone,
}

/// What comes.
pub type LinkReader = Pin<Box<dyn Stream<Item = Result<Frame, LinkError>> + Send>>;
/// What goes.
pub type LinkWriter = Pin<Box<dyn Sink<Frame, Error = LinkError> + Send>>;

/// Both ways of one connection. Dropping both halves closes it.
pub struct Link {
    /// What comes.
    pub reader: LinkReader,
    /// What goes.
    pub writer: LinkWriter,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    /// A link over a WebSocket.
    pub fn over<S>(socket: WebSocketStream<S>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (writer, reader) = socket.split();
        let reader = reader.filter_map(|message| future::ready(read(message)));
        let writer = writer
            .sink_map_err(|error| LinkError::Socket(Box::new(error)))
            .with(|frame| future::ready(Ok(write(frame))));
        Self { reader: Box::pin(reader), writer: Box::pin(writer) }
    }

    /// Two ends of a link in memory; at most `capacity` frames wait each way, then the writer does.
    /// Unlike a socket it answers neither pings nor closes by itself.
    #[must_use]
    pub fn pair(capacity: usize) -> (Self, Self) {
        let (left, from_left) = mpsc::channel(capacity);
        let (right, from_right) = mpsc::channel(capacity);
        (Self::in_memory(left, from_right), Self::in_memory(right, from_left))
    }

    fn in_memory(sender: mpsc::Sender<Frame>, receiver: mpsc::Receiver<Frame>) -> Self {
        let reader = futures_util::stream::unfold(Some(receiver), async |receiver| {
            let mut receiver = receiver?;
            let frame: Frame = receiver.recv().await?;
            // As on a socket, nothing comes after the close.
            let over = matches!(frame, Frame::Close { .. });
            Some((Ok(frame), (!over).then_some(receiver)))
        });
        let writer = PollSender::new(sender).sink_map_err(|_| LinkError::Gone);
        Self { reader: Box::pin(reader), writer: Box::pin(writer) }
    }
}

/// The limits of every WebSocket of the daemon. The small read buffer keeps a quiet connection at
/// 28 KB of memory instead of 113; without a write buffer each frame is on the wire when its `send`
/// is done.
#[must_use]
pub fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MOST_BYTES)
        .max_message_size(Some(MOST_BYTES))
        .max_frame_size(Some(MOST_BYTES))
}

fn read(message: Result<Message, tungstenite::Error>) -> Option<Result<Frame, LinkError>> {
    let frame = match message {
        Ok(Message::Text(text)) => Frame::Text(Text(text)),
        Ok(Message::Binary(bytes)) => Frame::Binary(bytes.len()),
        Ok(Message::Ping(bytes)) => Frame::Ping(bytes),
        Ok(Message::Pong(bytes)) => Frame::Pong(bytes),
        Ok(Message::Close(close)) => Frame::Close {
            code: close.as_ref().map(|close| close.code.into()),
            reason: close.map(|close| close.reason.to_string()).unwrap_or_default(),
        },
        Ok(Message::Frame(_)) => return None,
        Err(error) => return Some(Err(LinkError::Socket(Box::new(error)))),
    };
    Some(Ok(frame))
}

fn write(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::Text(text.0),
        Frame::Binary(length) => Message::Binary(vec![0; length].into()),
        Frame::Ping(bytes) => Message::Ping(bytes),
        Frame::Pong(bytes) => Message::Pong(bytes),
        Frame::Close { code, reason } => {
            Message::Close(code.map(|code| CloseFrame { code: code.into(), reason: reason.into() }))
        }
    }
}
