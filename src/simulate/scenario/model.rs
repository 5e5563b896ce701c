//! The practice model of a scenario: its answers, its pace and its faults.

use std::time::Duration;

use practice::openai::{Behaviour, Brain, ConnectRefusal, Options, ResponseFault, Transcription};
use protocol::business::duration_text;
use serde::Deserialize;

/// How the practice model differs from the default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    pub brain: Brain,
    /// Words spoken in an item of their own before every spoken answer.
    pub preamble: Option<String>,
    /// Time from a response's beginning to its first audio.
    #[serde(with = "duration_text::option")]
    pub first_audio_after: Option<Duration>,
    /// Speed of audio relative to real time.
    pub speed: Option<f64>,
    pub transcripts: Option<TranscriptTiming>,
    /// Faults of the first responses of each session, in order.
    pub responses: Vec<ResponseTrouble>,
    /// Every session is refused.
    pub refuses: Option<Refused>,
}

/// How a session is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The account has no quota left. A retry does not help.
    NoQuota,
    /// HTTP 503.
    Down,
}

impl From<Refused> for ConnectRefusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoQuota => Self::NoQuota,
            Refused::Down => Self::Http(503),
        }
    }
}

/// When the transcript of a caller's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptTiming {
    /// This long after the turn.
    #[serde(with = "duration_text")]
    After(Duration),
    /// When the next response is done.
    AfterResponse,
    /// Of two turns, the first comes after the second.
    OutOfOrder,
    /// An error comes instead.
    Failed,
    /// Nothing comes.
    Never,
}

/// The fault of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseTrouble {
    None,
    /// The server fails before the first word.
    Failed,
    /// It ends at the token limit, after this much audio.
    #[serde(with = "duration_text")]
    CutShort(Duration),
    /// It begins this much later.
    #[serde(with = "duration_text")]
    Late(Duration),
    /// It begins, and then nothing comes.
    Stalled,
}

impl Model {
    /// The options of the practice server.
    #[must_use]
    pub fn options(&self) -> Options {
        let mut behaviour = Behaviour {
            preamble: self.preamble.clone(),
            responses: self.responses.iter().copied().map(ResponseFault::from).collect(),
            refuses: self.refuses.map(ConnectRefusal::from),
            ..Behaviour::default()
        };
        if let Some(after) = self.first_audio_after {
            behaviour.first_audio_after = after;
        }
        if let Some(speed) = self.speed {
            behaviour.speed = speed;
        }
        if let Some(transcripts) = self.transcripts {
            behaviour.transcription = transcripts.into();
        }
        Options { behaviour, brain: self.brain.clone(), ..Options::default() }
    }
}

impl From<TranscriptTiming> for Transcription {
    fn from(timing: TranscriptTiming) -> Self {
        match timing {
            TranscriptTiming::After(delay) => Self::After(delay),
            TranscriptTiming::AfterResponse => Self::AfterResponse,
            TranscriptTiming::OutOfOrder => Self::OutOfOrder,
            TranscriptTiming::Failed => Self::Failed,
            TranscriptTiming::Never => Self::Never,
        }
    }
}

impl From<ResponseTrouble> for ResponseFault {
    fn from(trouble: ResponseTrouble) -> Self {
        match trouble {
            ResponseTrouble::None => Self::None,
            ResponseTrouble::Failed => Self::Failed { kind: "server_error".to_owned(), code: None },
            ResponseTrouble::CutShort(after) => {
                Self::Incomplete { reason: "max_output_tokens".to_owned(), after }
            }
            ResponseTrouble::Late(by) => Self::CreatedLate(by),
            ResponseTrouble::Stalled => Self::StalledAfterCreated,
        }
    }
}
