//! The begin of a media stream: its `start`, which says whose call it is, and in which format its sound comes.

use std::time::Duration;

use actors::link::{Frame, Link};
use futures_util::StreamExt as _;
use protocol::twilio::stream::{self, MalformedMessage, Start, StreamMessage, UnsupportedFormat};
use thiserror::Error;

/// Why a media stream did not begin.
#[derive(Debug, Error)]
pub(crate) enum NotStarted {
    #[error("no start message came in time")]
    NoStart,
    #[error("another message came before start")]
    NotAStart,
    #[error(transparent)]
    Malformed(#[from] MalformedMessage),
    #[error(transparent)]
    Format(#[from] UnsupportedFormat),
}

/// Waits for `start`, of sound that a session takes.
pub(crate) async fn read(link: &mut Link, patience: Duration) -> Result<Start, NotStarted> {
    let reading = tokio::time::timeout(patience, read_start(link)).await;
    let start = reading.unwrap_or(Err(NotStarted::NoStart))?;
    start.check_format()?;
    Ok(start)
}

async fn read_start(link: &mut Link) -> Result<Start, NotStarted> {
    while let Some(Ok(frame)) = link.reader.next().await {
        let Frame::Text(text) = frame else { continue };
        match stream::parse(&text)? {
            StreamMessage::Connected | StreamMessage::Unknown { .. } => {}
            StreamMessage::Start(start) => return Ok(start),
            StreamMessage::Media(_)
            | StreamMessage::Dtmf { .. }
            | StreamMessage::Mark { .. }
            | StreamMessage::Stop => return Err(NotStarted::NotAStart),
        }
    }
    Err(NotStarted::NoStart)
}
