//! The server's pace, and its faults.

use std::time::Duration;

/// How the server behaves. It can be changed while the server runs; a running response keeps its pace.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// Time from a client's event to the reply.
    pub rtt: Duration,
    /// Time from `response.create` to `response.created`, beside the round trip.
    pub created_after: Duration,
    /// Time from `response.created` to the first audio.
    pub first_audio_after: Duration,
    /// Speed of audio relative to real time.
    pub speed: f64,
    pub transcription: Transcription,
    /// Additional delay of `session.updated`.
    pub session_updated_after: Duration,
    /// The session reports and sends PCM at 24 kHz, whatever format was requested.
    pub answers_in_pcm: bool,
    /// Audio deltas that follow a cancel, as if they had been on the wire.
    pub late_deltas: usize,
    /// Words spoken in an item of their own before every spoken answer, as newer models do.
    pub preamble: Option<String>,
    /// Arguments of function calls are cut off, so they are not JSON.
    pub breaks_arguments: bool,
    /// Faults of the first responses of each new session, in order.
    pub responses: Vec<ResponseFault>,
    /// Events of an unknown type come between the others.
    pub unknown_events: bool,
    /// Every connection is refused like this.
    pub refuses: Option<ConnectRefusal>,
    /// The longest session.
    pub session_length: Duration,
    /// The interval of pings.
    pub ping_every: Duration,
}

/// When a turn's transcript comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transcription {
    /// This long after the commit.
    After(Duration),
    /// When the next response is done.
    AfterResponse,
    /// Of each two turns, the first comes after the second.
    OutOfOrder,
    /// `…failed` comes instead.
    Failed,
    /// Nothing comes.
    Never,
}

/// The fault of one response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseFault {
    /// No fault. Used to reach a later response.
    None,
    /// `response.done` has the status `failed` with this error, and there is no output.
    Failed {
        /// `status_details.error.type`.
        kind: String,
        /// `status_details.error.code`; `None` is `null`.
        code: Option<String>,
    },
    /// `response.done` has the status `incomplete`.
    Incomplete {
        /// `max_output_tokens` or `content_filter`.
        reason: String,
        /// Length of the audio before the cut.
        after: Duration,
    },
    /// An `error` event instead of a response.
    Error {
        /// `error.type`.
        kind: String,
        /// `error.code`; `None` is `null`.
        code: Option<String>,
        /// `error.message`.
        message: String,
    },
    /// `response.created` never comes; the rest does.
    NeverCreated,
    /// `response.created` comes this much later.
    CreatedLate(Duration),
    /// Nothing comes after `response.created`.
    StalledAfterCreated,
}

/// How a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectRefusal {
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
    /// A fast server without faults.
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
