//! A WebSocket as the actors see it: a stream and a sink of frames, over a socket or in memory. The
//! WebSocket library answers pings.

mod connect;
mod frame;
mod socket;
#[cfg(test)]
mod tests;

use std::pin::Pin;

use futures_util::{Sink, SinkExt, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::sync::PollSender;

pub use connect::{ConnectError, Connecting, Connector, OpenAiConnector};
pub use frame::{Frame, LinkError, Text};

/// The longest message, in bytes. Twilio's are below 1 KiB, OpenAI's audio deltas some tens of KiB.
/// A turn of 15 s that is replayed to a new session is 160 KB of base64.
const MAX_BYTES: usize = 1 << 20;

/// The read buffer of a media socket, in bytes.
const MEDIA_READ_BYTES: usize = 1024;

/// The read buffer of a session, in bytes.
const SESSION_READ_BYTES: usize = 4 * 1024;

pub type LinkReader = Pin<Box<dyn Stream<Item = Result<Frame, LinkError>> + Send>>;
pub type LinkWriter = Pin<Box<dyn Sink<Frame, Error = LinkError> + Send>>;

/// Both directions of one connection. Dropping both closes it.
pub struct Link {
    pub reader: LinkReader,
    pub writer: LinkWriter,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    /// A link over a stream whose handshake is made.
    pub fn over<S>(stream: S, role: Role) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Self::of(socket::split(stream, role, websocket_config(MEDIA_READ_BYTES)))
    }

    /// Makes a client's handshake on a stream.
    async fn connect<S>(stream: S, request: Request) -> Result<Self, tungstenite::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let config = websocket_config(SESSION_READ_BYTES);
        Ok(Self::of(socket::connect(stream, request, config).await?))
    }

    fn of<S>((reader, writer): (socket::Half<S>, socket::Half<S>)) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Self { reader: Box::pin(reader), writer: Box::pin(writer) }
    }

    /// Both ends of an in-memory link. At most `capacity` frames wait in each direction; then the
    /// writer waits. Unlike a socket, it does not answer pings and closes.
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
            // As on a socket, nothing follows the close.
            let over = matches!(frame, Frame::Close { .. });
            Some((Ok(frame), (!over).then_some(receiver)))
        });
        let writer = PollSender::new(sender).sink_map_err(|_| LinkError::Gone);
        Self { reader: Box::pin(reader), writer: Box::pin(writer) }
    }
}

/// The limits of the daemon's WebSockets. The read buffers are small, since each call has two
/// sockets: a message of Twilio has 400 bytes, one of OpenAI's with audio some KiB. The codec has no
/// write buffer: `socket` keeps what waits.
fn websocket_config(read_buffer: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(read_buffer)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_BYTES)
        .max_message_size(Some(MAX_BYTES))
        .max_frame_size(Some(MAX_BYTES))
}
