//! Messages of a Twilio media stream, JSON in text frames both ways: those that Twilio sends
//! ([`parse`]), and the three that it understands ([`write_media`], [`write_mark`], [`write_clear`]).
//!
//! Wire facts: "Media Streams: WebSocket Messages" of Twilio's documentation.

mod parse;
mod wire;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use crate::ids::{CallSid, StreamSid};

pub use parse::parse;
pub use write::{write_clear, write_mark, write_media};

/// The longest text frame that is parsed, in bytes. 20 ms of audio make about 370, `start` a few
/// thousand. Twilio names no limit.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// A text frame of the media socket, from Twilio. `connected` comes first, then `start`, then the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamMessage<'a> {
    /// `connected`: the socket is open; the call is not known yet.
    Connected,
    /// `start`: identifies the stream and its audio format.
    Start(Start),
    /// `media`: a piece of audio.
    Media(Media<'a>),
    /// `dtmf`: the caller pressed a key.
    Dtmf {
        /// `0`–`9`, `*`, `#` or `A`–`D`.
        digit: char,
    },
    /// `mark`: all audio sent before this mark was played, or dropped by a `clear`.
    Mark {
        /// The name that it was sent with.
        name: Cow<'a, str>,
    },
    /// `stop`: the stream or its call has ended. It does not always come: a closed socket means the
    /// same.
    Stop,
    /// Any other `event`; ignored.
    Unknown {
        /// The value of `event`.
        event: Cow<'a, str>,
    },
}

/// What `start` says of the stream: whose it is, its audio format, and our own parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// `start.streamSid`; every message to Twilio names it.
    pub stream_sid: StreamSid,
    /// `start.callSid`.
    pub call_sid: CallSid,
    /// `start.mediaFormat.encoding`, a MIME type.
    pub encoding: String,
    /// `start.mediaFormat.sampleRate`, samples per second.
    pub sample_rate: u32,
    /// `start.mediaFormat.channels`.
    pub channels: u32,
    /// `start.customParameters`: the `<Parameter>`s of the TwiML that opened the stream.
    pub custom_parameters: BTreeMap<String, String>,
}

impl Start {
    /// Checks that the audio is what OpenAI's session expects: µ-law, 8 kHz, one channel.
    ///
    /// # Errors
    /// [`UnsupportedFormat`] holds the format.
    pub fn check_format(&self) -> Result<(), UnsupportedFormat> {
        if self.encoding == "audio/x-mulaw" && self.sample_rate == 8000 && self.channels == 1 {
            return Ok(());
        }
        Err(UnsupportedFormat {
            encoding: self.encoding.chars().take(64).collect(),
            sample_rate: self.sample_rate,
            channels: self.channels,
        })
    }
}

impl fmt::Debug for Start {
    /// Shows only the names of the parameters: one of them is the stream's token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("stream_sid", &self.stream_sid)
            .field("call_sid", &self.call_sid)
            .field("encoding", &self.encoding)
            .field("sample_rate", &self.sample_rate)
            .field("channels", &self.channels)
            .field("custom_parameters", &self.custom_parameters.keys())
            .finish()
    }
}

/// The `media` message: a piece of audio, usually 160 bytes for 20 ms. No length is guaranteed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// `media.timestamp`, on the wire a string: milliseconds since the stream's start. The first is not
    /// 0, and where Twilio left silence out it jumps.
    pub timestamp_ms: u64,
    /// `media.payload`: µ-law samples in base64, borrowed from the message unless it has JSON escapes.
    pub payload: Cow<'a, str>,
    /// `media.track`.
    pub track: Track,
}

/// `media.track`. A bidirectional stream brings only [`Track::Inbound`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// `inbound`: the caller's audio.
    Inbound,
    /// Any other value; such audio must not reach the session.
    Other,
}

/// The format of a stream that can't be forwarded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the stream is {encoding}, {sample_rate} Hz, {channels} channel(s), not audio/x-mulaw, 8000 Hz, one"
)]
pub struct UnsupportedFormat {
    encoding: String,
    sample_rate: u32,
    channels: u32,
}

/// Why a text frame is not a valid message.
#[derive(Debug, Error)]
pub enum MalformedMessage {
    /// Longer than 64 KiB; not parsed.
    #[error("a message of {bytes} bytes; at most {MAX_MESSAGE_BYTES} are read")]
    TooLong {
        /// Length of the frame.
        bytes: usize,
    },
    /// Not JSON, or a field is missing or has the wrong type.
    #[error("not a stream message: {0}")]
    NotUnderstood(#[from] serde_json::Error),
    /// The object of the event is missing.
    #[error("{event:?} without {field:?}")]
    Missing {
        /// The value of `event`.
        event: &'static str,
        /// The missing field.
        field: &'static str,
    },
    /// `dtmf.digit` is not a key of a telephone.
    #[error("\"dtmf\" with a digit that no telephone has")]
    NoSuchDigit,
}

#[cfg(test)]
mod tests;
