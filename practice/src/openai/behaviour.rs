//! How the practice server behaves: its pace, and what goes wrong.

use std::time::Duration;

/// The knobs of the server. They can be turned while it runs; what is under way keeps its pace.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// From a client's event to the server's reply to it.
    pub rtt: Duration,
    /// From `response.create` to `response.created`, on top of the round trip.
    pub created_after: Duration,
    /// From `response.created` to the first audio.
    pub first_audio_after: Duration,
    /// How many times faster than real time audio comes.
    pub speed: f64,
    /// When a turn's transcript comes.
    pub transcription: Transcription,
    /// Added to the reply to `session.update`.
    pub session_updated_after: Duration,
    /// The session says and sends PCM at 24 kHz whatever format was asked for.
    pub answers_in_pcm: bool,
    /// Audio deltas that still come after a cancel, as if they had been on the wire.
    pub late_deltas: usize,
    /// Spoken as an item of its own before every answer that has words, as newer models do.
    pub preamble: Option<String>,
    /// Function calls' arguments are cut off, so that they are no JSON.
    pub breaks_arguments: bool,
    /// Faults of the responses to come in each new session, the first for the first response.
    pub responses: Vec<ResponseFault>,
    /// Events of a type nobody knows come between the others.
    pub unknown_events: bool,
    /// Every connection is turned away so.
    pub refuses: Option<Refusal>,
    /// How long a session lives.
    pub session_length: Duration,
    /// How often the server pings.
    pub ping_every: Duration,
}

/// When a turn's transcript comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transcription {
    /// So long after the turn was committed.
    After(Duration),
    /// Only when the next response to be done is done.
    AfterResponse,
    /// Every first of two turns only after the second's.
    OutOfOrder,
    /// `…failed` comes instead.
    Failed,
    /// Nothing comes.
    Never,
}

/// What goes wrong with one response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseFault {
    /// Nothing does: used to reach a later response.
    None,
    /// `response.done` says `failed` with this error and nothing was said.
    Failed {
        /// `status_details.error.type`.
        kind: String,
        /// `status_details.error.code`; none is `null`.
        code: Option<String>,
    },
    /// `response.done` says `incomplete` after so much audio.
    Incomplete {
        /// `max_output_tokens` or `content_filter`.
        reason: String,
        /// Audio before the cut.
        after: Duration,
    },
    /// An `error` event instead of any response.
    Error {
        /// `error.type`.
        kind: String,
        /// `error.code`; none is `null`.
        code: Option<String>,
        /// `error.message`.
        message: String,
    },
    /// `response.created` never comes; the rest does.
    NeverCreated,
    /// `response.created` comes so much later.
    CreatedLate(Duration),
    /// Nothing comes after `response.created`.
    StalledAfterCreated,
}

/// How a connection is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The upgrade is answered with this HTTP status, such as 401, 429 or 503.
    Http(u16),
    /// `invalid_api_key`, CLOSE 3000.
    BadKey,
    /// `insufficient_quota`, CLOSE 4000.
    NoQuota,
    /// `model_not_found`, CLOSE 4004.
    NoSuchModel,
    /// A `server_error` without a code, then CLOSE 1011.
    ServerError,
}

impl Default for Behaviour {
    /// A server near by on a good day, with nothing going wrong.
    fn default() -> Self {
        Self {
            rtt: Duration::from_millis(20),
            created_after: Duration::from_millis(10),
            first_audio_after: Duration::from_millis(150),
            speed: 8.0,
            transcription: Transcription::After(Duration::from_millis(300)),
            session_updated_after: Duration::ZERO,
            answers_in_pcm: false,
            late_deltas: 2,
            preamble: None,
            breaks_arguments: false,
            responses: Vec::new(),
            unknown_events: false,
            refuses: None,
            session_length: Duration::from_secs(60 * 60),
            ping_every: Duration::from_secs(20),
        }
    }
}
