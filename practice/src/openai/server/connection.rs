//! The two kinds of connection: a WebSocket over a byte stream, and a pair of queues in memory.

use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::openai::behaviour::ConnectRefusal;
use crate::openai::session::Handshake;
use crate::transport::{BoxedStream, websocket_config};

/// A message of a memory link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    /// The API answers a binary frame with an error.
    Binary(Vec<u8>),
    /// Needs no answer in memory.
    Ping,
    /// Code and reason. A lost connection ends without it.
    Close(u16, String),
}

/// The client's side of a connection in memory.
#[derive(Debug)]
pub struct MemoryLink {
    /// To the server. Dropping it ends the connection.
    pub sender: mpsc::Sender<Frame>,
    /// From the server. It ends with the connection.
    pub receiver: mpsc::Receiver<Frame>,
}

pub(super) enum Connection {
    Socket(Box<WebSocketStream<BoxedStream>>),
    Memory(MemoryLink),
}

/// Both sides of a connection in memory, the client's first.
pub(super) fn in_memory() -> (MemoryLink, MemoryLink) {
    let (to_server, from_client) = mpsc::channel(FRAMES_WAITING);
    let (to_client, from_server) = mpsc::channel(FRAMES_WAITING);
    (
        MemoryLink { sender: to_server, receiver: from_server },
        MemoryLink { sender: to_client, receiver: from_client },
    )
}

/// Accepts the upgrade and reads its headers. Like the real server it accepts first and refuses by an
/// event; only [`ConnectRefusal::Http`] and an unknown path are answered here.
pub(super) async fn upgrade(
    stream: BoxedStream,
    refusal: Option<ConnectRefusal>,
) -> Result<(WebSocketStream<BoxedStream>, Handshake), Error> {
    let mut handshake = Handshake::default();
    #[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
    let judge = |request: &Request, response: Response| {
        if let Some(ConnectRefusal::Http(status)) = refusal {
            return Err(refused(status));
        }
        if request.uri().path() != "/v1/realtime" {
            return Err(refused(404));
        }
        handshake = read(request);
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, judge, Some(websocket_config())).await?;
    Ok((socket, handshake))
}

impl Connection {
    /// The client's next frame; `None` at the connection's end. Cancel-safe.
    pub(super) async fn receive(&mut self) -> Option<Frame> {
        match self {
            Self::Memory(link) => link.receiver.recv().await,
            Self::Socket(socket) => loop {
                match socket.next().await?.ok()? {
                    Message::Text(text) => return Some(Frame::Text(text.as_str().to_owned())),
                    Message::Binary(bytes) => return Some(Frame::Binary(bytes.to_vec())),
                    Message::Close(_) => return None,
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                }
            },
        }
    }

    /// Throws away what the client sends, without an answer, until the client lets go of the connection.
    pub(super) async fn discard(&mut self) {
        match self {
            Self::Memory(link) => while link.receiver.recv().await.is_some() {},
            // Below the WebSocket, which would answer pings and closes.
            Self::Socket(socket) => {
                drop(tokio::io::copy(socket.get_mut(), &mut tokio::io::sink()).await);
            }
        }
    }

    /// Sends a frame. False if the connection is gone.
    pub(super) async fn send(&mut self, frame: Frame) -> bool {
        match self {
            Self::Memory(link) => link.sender.send(frame).await.is_ok(),
            Self::Socket(socket) => socket.send(message(frame)).await.is_ok(),
        }
    }
}

/// Frames that may wait in memory in each direction. Then the sender waits, as on a socket.
const FRAMES_WAITING: usize = 256;

fn message(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::text(text),
        Frame::Binary(bytes) => Message::binary(bytes),
        Frame::Ping => Message::Ping(Vec::new().into()),
        Frame::Close(code, reason) => {
            Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
        }
    }
}

fn read(request: &Request) -> Handshake {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = bearer.or_else(|| header("api-key")).filter(|key| !key.is_empty());
    let query = request.uri().query().unwrap_or_default();
    let model = query.split('&').find_map(|pair| pair.strip_prefix("model="));
    Handshake {
        model: model.filter(|model| !model.is_empty()).map(str::to_owned),
        key: key.map(str::to_owned),
        beta: request.headers().contains_key("openai-beta"),
    }
}

fn refused(status: u16) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some("refused".to_owned()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    response
}
