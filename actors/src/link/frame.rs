//! What a link carries, and how the WebSocket library names it.

use std::ops::Deref;

use bytes::Bytes;
use thiserror::Error;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

/// A text message. It shares the buffer into which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Utf8Bytes);

impl Text {
    /// The text's bytes. Slicing them does not copy.
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

impl From<Bytes> for Text {
    /// Takes the bytes without copying them. What is not UTF-8 in them is replaced.
    fn from(bytes: Bytes) -> Self {
        let replaced = || String::from_utf8_lossy(&bytes).into_owned().into();
        Self(Utf8Bytes::try_from(bytes.clone()).unwrap_or_else(|_| replaced()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Text(Text),
    /// A binary message's length in bytes. Neither Twilio nor OpenAI sends any.
    Binary(usize),
    Ping(Bytes),
    Pong(Bytes),
    Close {
        code: Option<u16>,
        reason: String,
    },
}

impl Frame {
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::Text(text.into())
    }
}

#[derive(Debug, Error)]
pub enum LinkError {
    #[error(transparent)]
    Socket(Box<tungstenite::Error>),
    /// The peer of an in-memory link was dropped.
    #[error("the peer was dropped")]
    Gone,
}

impl From<tungstenite::Error> for LinkError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

/// `None` for a raw frame, which is never read.
pub(super) fn read(message: Message) -> Option<Frame> {
    Some(match message {
        Message::Text(text) => Frame::Text(Text(text)),
        Message::Binary(bytes) => Frame::Binary(bytes.len()),
        Message::Ping(bytes) => Frame::Ping(bytes),
        Message::Pong(bytes) => Frame::Pong(bytes),
        Message::Close(close) => Frame::Close {
            code: close.as_ref().map(|close| close.code.into()),
            reason: close.map(|close| close.reason.to_string()).unwrap_or_default(),
        },
        Message::Frame(_) => return None,
    })
}

pub(super) fn write(frame: Frame) -> Message {
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
