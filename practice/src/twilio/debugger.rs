//! What Twilio's Debugger would show: the daemon's mistakes, and errors on the way.

use thiserror::Error;

/// Something the daemon wrote that Twilio doesn't accept. A correct daemon causes none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    #[error("not XML: {0}")]
    Xml(String),
    /// An unknown element, attribute or value, or one in the wrong place.
    #[error("not TwiML: {0}")]
    Schema(String),
    #[error("content type {0:?} instead of text/xml")]
    ContentType(String),
    /// Over 64 KB.
    #[error("a document of {0} bytes")]
    DocumentTooLarge(usize),
    /// A voice and a language that don't fit together are silent, so both must be named.
    #[error("<Say> without voice and language: {0:?}")]
    SayWithoutVoice(String),
    /// Neither `wss` nor `ws` on loopback.
    #[error("stream address {0:?} is not wss")]
    StreamScheme(String),
    /// The query is dropped before the socket is opened.
    #[error("stream address {0:?} has a query, which is dropped")]
    StreamQuery(String),
    /// A track that a bidirectional stream doesn't have.
    #[error("track {0:?} in <Connect>")]
    StreamTrack(String),
    /// A part of a webhook's fragment that is not a connection override.
    #[error("connection override {0:?}")]
    Override(String),
    #[error("a binary message of {0} bytes")]
    Binary(usize),
    /// A text message on the media socket that is not exactly `media`, `mark` or `clear`.
    #[error("message: {0}")]
    Message(String),
    #[error("a message before start")]
    BeforeStart,
    /// The header would be heard as noise.
    #[error("a WAV header in the audio")]
    WavHeader,
    /// A media message over [`largest_message`](super::CarrierSettings::largest_message).
    #[error("a message of {0} bytes")]
    Oversized(usize),
    #[error("WebSocket: {0}")]
    WebSocket(String),
    /// A REST request that Twilio refuses because of its parameters.
    #[error("REST {code}: {message}")]
    Rest { code: u32, message: String },
}

impl Violation {
    /// Twilio's error code; 0 if Twilio has none.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::Xml(_) => 12100,
            Self::Schema(_) => 12200,
            Self::ContentType(_) => 12300,
            Self::DocumentTooLarge(_) => 11750,
            Self::StreamScheme(_) => 31922,
            Self::StreamTrack(_) => 31941,
            Self::Binary(_) => 31950,
            Self::Message(_) | Self::BeforeStart => 31951,
            Self::WebSocket(_) => 31924,
            Self::Rest { code, .. } => *code,
            Self::SayWithoutVoice(_)
            | Self::StreamQuery(_)
            | Self::Override(_)
            | Self::WavHeader
            | Self::Oversized(_) => 0,
        }
    }
}

/// An error on the way between Twilio and the daemon, whoever caused it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TwilioError {
    /// A webhook was answered with an error, or too late.
    #[error("11200: {0}")]
    Http(String),
    /// A webhook's host refused the connection, or could not be reached in time.
    #[error("11205: {0}")]
    Connect(String),
    /// More than ten redirects.
    #[error("11215: {0}")]
    Redirects(String),
    /// A file to play that is no audio.
    #[error("12300: content type {0:?} instead of audio")]
    NoAudio(String),
    /// A document that can't be run.
    #[error("{}: {}", .0.code(), .0)]
    Document(Violation),
    /// The media socket's host could not be reached in time.
    #[error("31901: {0}")]
    StreamTimeout(String),
    /// The media socket's host refused the connection.
    #[error("31902: {0}")]
    StreamRefused(String),
    /// The media socket ended without a close frame.
    #[error("31903: {0}")]
    StreamBroken(String),
    #[error("31910: {0}")]
    StreamTls(String),
    /// The handshake was answered with something other than 101.
    #[error("31920: {0}")]
    Handshake(String),
    /// The daemon closed the media socket. Twilio logs this as an error even if it was intended.
    #[error("31921: the server closed the stream")]
    ServerClosed,
    /// A stream that was not opened because of a violation.
    #[error("{}: {}", .0.code(), .0)]
    Stream(Violation),
    /// The daemon reads too slowly.
    #[error("31930: a frame was dropped")]
    Slow,
}

impl TwilioError {
    /// Twilio's error code.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::Http(_) => 11200,
            Self::Connect(_) => 11205,
            Self::Redirects(_) => 11215,
            Self::NoAudio(_) => 12300,
            Self::StreamTimeout(_) => 31901,
            Self::StreamRefused(_) => 31902,
            Self::StreamBroken(_) => 31903,
            Self::StreamTls(_) => 31910,
            Self::Handshake(_) => 31920,
            Self::ServerClosed => 31921,
            Self::Slow => 31930,
            Self::Document(violation) | Self::Stream(violation) => violation.code(),
        }
    }
}
