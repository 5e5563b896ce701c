//! The practice model of a scenario: what it thinks, how fast it is, and what goes wrong there.

use std::time::Duration;

use protocol::business::duration_text;
use serde::Deserialize;

use practice::openai::{Behaviour, Brain, ConnectRefusal, Options, ResponseFault, Transcription};

/// How the practice model differs from a receptionist on a good day.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// What it thinks.
    pub brain: Brain,
    /// Spoken as an item of its own before every answer that has words.
    pub preamble: Option<String>,
    /// From a response's beginning to its first audio.
    #[serde(with = "duration_text::option")]
    pub first_audio_after: Option<Duration>,
    /// How many times faster than real time its audio comes.
    pub speed: Option<f64>,
    /// When the words of a turn come.
    pub transcripts: Option<TranscriptTiming>,
    /// What goes wrong with the first responses of each session, in order.
    pub responses: Vec<ResponseTrouble>,
    /// Every session is turned away.
    pub refuses: Option<Refused>,
}

/// How a session is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The account has no quota left, which trying again does not mend.
    NoQuota,
    /// The server is down: 503.
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

/// When the words of a caller's turn come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptTiming {
    /// So long after the turn.
    #[serde(with = "duration_text")]
    After(Duration),
    /// When the next response is done.
    AfterResponse,
    /// The first of two turns only after the second.
    OutOfOrder,
    /// An error comes instead.
    Failed,
    /// Nothing comes.
    Never,
}

/// What goes wrong with a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseTrouble {
    /// Nothing does.
    None,
    /// The server fails, before a word.
    Failed,
    /// It ends for the tokens' limit, after so much audio.
    #[serde(with = "duration_text")]
    CutShort(Duration),
    /// It begins so much later.
    #[serde(with = "duration_text")]
    Late(Duration),
    /// It begins, and then nothing comes.
    Stalled,
}

impl Model {
    /// The practice server's options for it.
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
