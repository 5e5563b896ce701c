//! What Twilio's debugger would show: the daemon's mistakes, and what went wrong between.

use thiserror::Error;

/// Something the daemon wrote that Twilio doesn't take. A call of a sound daemon has none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// The document is no XML.
    #[error("not XML: {0}")]
    Xml(String),
    /// An element, attribute or value that TwiML doesn't have, or at the wrong place.
    #[error("not TwiML: {0}")]
    Schema(String),
    /// A document of another kind than XML.
    #[error("content type {0:?} instead of text/xml")]
    ContentType(String),
    /// A document over 64 KB.
    #[error("a document of {0} bytes")]
    DocumentTooLarge(usize),
    /// `<Say>` without voice and language: a pair that doesn't exist is silent.
    #[error("<Say> without voice and language: {0:?}")]
    SayWithoutVoice(String),
    /// A stream's address that is neither `wss` nor on loopback.
    #[error("stream address {0:?} is not wss")]
    StreamScheme(String),
    /// A stream's address with a query: it is dropped before dialling.
    #[error("stream address {0:?} has a query, which is dropped")]
    StreamQuery(String),
    /// A track that a bidirectional stream doesn't have.
    #[error("track {0:?} in <Connect>")]
    StreamTrack(String),
    /// A webhook's fragment that is no connection override.
    #[error("connection override {0:?}")]
    Override(String),
    /// A binary message on the media socket.
    #[error("a binary message of {0} bytes")]
    Binary(usize),
    /// A text message on the media socket that is none of the three, or not exactly.
    #[error("message: {0}")]
    Message(String),
    /// A message that came before `start` had been sent.
    #[error("a message before start")]
    BeforeStart,
    /// Audio with a WAV header: it is heard as noise.
    #[error("a WAV header in the audio")]
    WavHeader,
    /// A media message of more bytes than is wise.
    #[error("a message of {0} bytes")]
    Oversized(usize),
    /// A frame that breaks the WebSocket protocol.
    #[error("WebSocket: {0}")]
    WebSocket(String),
    /// A REST request that Twilio refuses for what it says.
    #[error("REST {code}: {message}")]
    Rest {
        /// Twilio's code.
        code: u32,
        /// Twilio's words.
        message: String,
    },
}

impl Violation {
    /// The code Twilio gives it; 0 where Twilio has none.
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

/// Something that failed on the way, whoever's fault it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// A webhook was answered with an error, or not in time (11200).
    #[error("11200: {0}")]
    Http(String),
    /// A webhook's host refused the connection or was not reached in time (11205).
    #[error("11205: {0}")]
    Connect(String),
    /// More than ten redirects (11215).
    #[error("11215: {0}")]
    Redirects(String),
    /// A document that can't be run, with its violation's code.
    #[error("{}: {}", .0.code(), .0)]
    Document(Violation),
    /// The media socket's host was not reached in time (31901).
    #[error("31901: {0}")]
    StreamTimeout(String),
    /// The media socket's host refused the connection (31902).
    #[error("31902: {0}")]
    StreamRefused(String),
    /// The media socket ended without a close frame (31903).
    #[error("31903: {0}")]
    StreamBroken(String),
    /// TLS could not be agreed on (31910).
    #[error("31910: {0}")]
    StreamTls(String),
    /// The handshake was answered with something else than 101 (31920).
    #[error("31920: {0}")]
    Handshake(String),
    /// The server closed the media socket (31921). Twilio logs it as an error even when meant.
    #[error("31921: the server closed the stream")]
    ServerClosed,
    /// A stream that was not dialled, with its violation's code.
    #[error("{}: {}", .0.code(), .0)]
    Stream(Violation),
    /// The server reads too slowly; a frame was dropped (31930).
    #[error("31930: a frame was dropped")]
    Slow,
}

impl Trouble {
    /// Twilio's code.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::Http(_) => 11200,
            Self::Connect(_) => 11205,
            Self::Redirects(_) => 11215,
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
