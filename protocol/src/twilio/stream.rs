//! The messages of one media stream: what Twilio sends over the WebSocket ([`parse`]) and the three
//! it understands ([`write_media`], [`write_mark`], [`write_clear`]). Text frames both ways.

mod parse;
mod wire;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use crate::ids::{AccountSid, CallSid, StreamSid};

pub use parse::parse;
pub use write::{write_clear, write_mark, write_media};

/// The longest text frame that is looked at, in bytes. A frame of 20 ms has about 370 and `start`
/// a few thousand; Twilio names no limit.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// One message from Twilio, in the order `connected`, `start`, then the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamMessage<'a> {
    /// The socket is up; nothing is known of the call yet.
    Connected,
    /// The stream has begun: whose it is and what its audio is.
    Start(Start),
    /// A piece of the caller's audio.
    Media(Media<'a>),
    /// The caller pressed a key.
    Dtmf {
        /// One of `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
    },
    /// All audio before the mark of this name was played, or was dropped by a `clear`.
    Mark {
        /// The name it was sent with.
        name: Cow<'a, str>,
    },
    /// The stream or its call has ended. It does not always come: a closed socket means the same.
    Stop {
        /// The call the stream belonged to.
        call_sid: CallSid,
    },
    /// An event of a kind that is not known here, to be counted and otherwise ignored.
    Unknown {
        /// Its kind, as sent.
        event: Cow<'a, str>,
    },
}

/// What `start` says of the stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Start {
    /// This stream; every message to Twilio names it.
    pub stream_sid: StreamSid,
    /// The call it carries.
    pub call_sid: CallSid,
    /// The account that owns the call.
    pub account_sid: AccountSid,
    /// The audio's encoding as a MIME type.
    pub encoding: String,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels; one.
    pub channels: u32,
    /// The `<Parameter>`s of the TwiML that opened the stream.
    pub custom_parameters: BTreeMap<String, String>,
}

impl Start {
    /// Checks that the audio is what the call's session was promised: µ-law, 8 kHz, one channel.
    ///
    /// # Errors
    /// [`UnsupportedFormat`] says what it is instead.
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
    /// Of the parameters only the names: one of them is the stream's token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("stream_sid", &self.stream_sid)
            .field("call_sid", &self.call_sid)
            .field("account_sid", &self.account_sid)
            .field("encoding", &self.encoding)
            .field("sample_rate", &self.sample_rate)
            .field("channels", &self.channels)
            .field("custom_parameters", &self.custom_parameters.keys())
            .finish()
    }
}

/// A piece of audio, usually 160 bytes for 20 ms; no length is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// The message's place in the stream; `start` is 1, and every message counts.
    pub sequence: u64,
    /// The piece's place among the pieces, from 1.
    pub chunk: u64,
    /// When it is to be heard, in milliseconds since the stream began. The first is not 0, and
    /// where silence was left out it jumps.
    pub timestamp_ms: u64,
    /// The samples in base64, borrowed from the message unless the sender escaped something.
    pub payload: Cow<'a, str>,
    /// Whose audio it is.
    pub track: Track,
}

/// Whose audio a piece is. A bidirectional stream brings only [`Track::Inbound`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// The caller's.
    Inbound,
    /// Not the caller's: it must not reach the session.
    Other,
}

/// A stream whose audio cannot be passed on as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the stream is {encoding}, {sample_rate} Hz, {channels} channel(s), not audio/x-mulaw, 8000 Hz, one"
)]
pub struct UnsupportedFormat {
    encoding: String,
    sample_rate: u32,
    channels: u32,
}

/// A text frame that is no message of the protocol.
#[derive(Debug, Error)]
pub enum MalformedMessage {
    /// Longer than [`MAX_MESSAGE_BYTES`], and not looked at.
    #[error("a message of {bytes} bytes; at most {MAX_MESSAGE_BYTES} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON, or a field is missing or of the wrong form.
    #[error("not a stream message: {0}")]
    NotUnderstood(#[from] serde_json::Error),
    /// The event came without something it cannot be understood without.
    #[error("{event:?} without {field:?}")]
    Missing {
        /// The event's kind.
        event: &'static str,
        /// What it lacks.
        field: &'static str,
    },
    /// A pressed key that no telephone has.
    #[error("\"dtmf\" with a digit that no telephone has")]
    NoSuchDigit,
}

#[cfg(test)]
mod tests;
