//! The server's pace, and its faults.

mod faults;

use std::time::Duration;

use super::brain::ToolCall;

pub use faults::{ArgumentsFault, ConnectRefusal, LinkFault, ResponseFault, SpeechFault};
pub(crate) use faults::{NO_QUOTA, SERVER_ERROR};

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
    /// How much speech the transcript of the server's own audio is ahead of that audio. The API promises nothing;
    /// it is often seconds ahead.
    pub transcript_ahead: Duration,
    /// Additional delay of `session.updated`.
    pub session_updated_after: Duration,
    /// The session reports and sends PCM at 24 kHz, whatever format was requested.
    pub answers_in_pcm: bool,
    /// Audio deltas that follow a cancel, as if they had been on the wire.
    pub late_deltas: usize,
    /// Words spoken in an item of their own before every spoken answer, as newer models do.
    pub preamble: Option<String>,
    /// The fault of the arguments of every function call.
    pub arguments: ArgumentsFault,
    /// A function that is called by every response whose `tool_choice` is `none`.
    pub calls_in_lines: Option<ToolCall>,
    /// Faults of the first responses of each new session, in order.
    pub responses: Vec<ResponseFault>,
    /// The fault of every response after those.
    pub other_responses: ResponseFault,
    /// Faults of the server's first responses, in order, whatever their session. They are used up before
    /// `responses`.
    pub responses_once: Vec<ResponseFault>,
    /// Faults of the caller's first turns in each new session, in order.
    pub speech: Vec<SpeechFault>,
    /// Transcription models that a `session.update` is refused for.
    pub unsupported_transcription: Vec<String>,
    /// Events whose order the API does not promise come in another order.
    pub reorders: bool,
    /// Events of an unknown type come between the others.
    pub unknown_events: bool,
    /// Every connection is refused like this.
    pub refuses: Option<ConnectRefusal>,
    /// The link of each session fails like this, so long after the session began.
    pub link_fails: Option<(Duration, LinkFault)>,
    /// After this the server ends a session with `session_expired`.
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

impl Default for Behaviour {
    /// A fast server without faults.
    fn default() -> Self {
        Self {
            rtt: Duration::from_millis(20),
            created_after: Duration::from_millis(10),
            first_audio_after: Duration::from_millis(150),
            speed: 8.0,
            transcription: Transcription::After(Duration::from_millis(300)),
            transcript_ahead: Duration::from_secs(2),
            session_updated_after: Duration::ZERO,
            answers_in_pcm: false,
            late_deltas: 2,
            preamble: None,
            arguments: ArgumentsFault::None,
            calls_in_lines: None,
            responses: Vec::new(),
            other_responses: ResponseFault::None,
            responses_once: Vec::new(),
            speech: Vec::new(),
            unsupported_transcription: Vec::new(),
            reorders: false,
            unknown_events: false,
            refuses: None,
            link_fails: None,
            session_length: Duration::from_secs(60 * 60),
            ping_every: Duration::from_secs(20),
        }
    }
}
