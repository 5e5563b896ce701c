//! The practice model of a scenario: its answers, its pace and its faults.

mod texts;
mod trouble;

use std::time::Duration;

use practice::openai::{
    ArgumentsFault, Behaviour, Brain, ConnectRefusal, LinkFault, Options, ResponseFault,
    SpeechFault, TextFault, ToolCall, Transcription,
};
use protocol::business::duration_text;
use serde::Deserialize;

use texts::TextTrouble;
use trouble::{ArgumentsTrouble, LinkTrouble, ResponseTrouble, SpeechTrouble};

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
    /// How much speech the agent's transcript is ahead of its audio.
    #[serde(with = "duration_text::option")]
    pub transcript_ahead: Option<Duration>,
    /// Faults of the first responses of each session, in order.
    pub responses: Vec<ResponseTrouble>,
    /// What is wrong with every response after those.
    pub other_responses: ResponseTrouble,
    /// Faults of the daemon's first responses, whatever their session. They are used up before `responses`.
    pub responses_once: Vec<ResponseTrouble>,
    /// Faults of the caller's first turns in each session, in order.
    pub speech: Vec<SpeechTrouble>,
    /// What is wrong with the arguments of every function call.
    pub arguments: ArgumentsTrouble,
    /// A function called by every response that may not call any.
    pub calls_in_lines: Option<ToolCall>,
    /// Transcription models that a session is refused for.
    pub unsupported_transcription: Vec<String>,
    /// Events whose order is not promised come in another order.
    pub reorders: bool,
    /// How the link of each session fails.
    pub link: Option<LinkFails>,
    /// Every session is refused.
    pub refuses: Option<Refused>,
    /// Faults of the text model's first answers, in order.
    pub texts: Vec<TextTrouble>,
    /// What is wrong with every answer of the text model after those.
    pub other_texts: TextTrouble,
}

/// When and how a link fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFails {
    /// Time since the session began.
    #[serde(with = "duration_text")]
    pub after: Duration,
    pub by: LinkTrouble,
}

/// How a session is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The account has no quota left. A retry does not help.
    NoQuota,
    /// HTTP 503.
    Down,
    /// HTTP 429.
    TooManyRequests,
    /// HTTP 500.
    ServerError,
    BadKey,
    NoSuchModel,
    /// Taken, and then closed with 1011.
    ClosedAtOnce,
}

impl From<Refused> for ConnectRefusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoQuota => Self::NoQuota,
            Refused::Down => Self::Http(503),
            Refused::TooManyRequests => Self::Http(429),
            Refused::ServerError => Self::Http(500),
            Refused::BadKey => Self::BadKey,
            Refused::NoSuchModel => Self::NoSuchModel,
            Refused::ClosedAtOnce => Self::ServerError,
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

impl Model {
    /// Tells the text model what goes wrong.
    pub fn spoil_texts(&self, faults: &practice::openai::TextFaults) {
        faults.next(self.texts.iter().cloned().map(TextFault::from));
        faults.always(self.other_texts.clone().into());
    }

    /// The options of the practice server.
    #[must_use]
    pub fn options(&self) -> Options {
        let all = |of: &[ResponseTrouble]| of.iter().copied().map(ResponseFault::from).collect();
        let mut behaviour = Behaviour {
            preamble: self.preamble.clone(),
            responses: all(&self.responses),
            other_responses: self.other_responses.into(),
            responses_once: all(&self.responses_once),
            speech: self.speech.iter().copied().map(SpeechFault::from).collect(),
            arguments: ArgumentsFault::from(self.arguments.clone()),
            calls_in_lines: self.calls_in_lines.clone(),
            unsupported_transcription: self.unsupported_transcription.clone(),
            reorders: self.reorders,
            link_fails: self.link.map(|link| (link.after, LinkFault::from(link.by))),
            refuses: self.refuses.map(ConnectRefusal::from),
            ..Behaviour::default()
        };
        if let Some(after) = self.first_audio_after {
            behaviour.first_audio_after = after;
        }
        if let Some(speed) = self.speed {
            behaviour.speed = speed;
        }
        if let Some(ahead) = self.transcript_ahead {
            behaviour.transcript_ahead = ahead;
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
