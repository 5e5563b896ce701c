//! What a scenario can let go wrong with responses, turns, function calls and links.

use std::time::Duration;

use practice::openai::{ArgumentsFault, LinkFault, ResponseFault, SpeechFault};
use protocol::business::duration_text;
use serde::Deserialize;

/// The fault of a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseTrouble {
    #[default]
    None,
    /// The server fails before the first word.
    Failed,
    /// It fails: too many requests in a minute.
    RateLimited,
    /// It fails: the account has no quota left.
    NoQuota,
    /// An error comes instead of the response.
    Error,
    /// An error comes, and the response all the same, this much later.
    #[serde(with = "duration_text")]
    ErrorFirst(Duration),
    /// It ends at the token limit, after this much audio. "0s": all tokens went into reasoning.
    #[serde(with = "duration_text")]
    CutShort(Duration),
    /// The content filter cuts it, after this much audio.
    #[serde(with = "duration_text")]
    Filtered(Duration),
    /// The words come as text, without audio.
    TextOnly,
    /// It completes without output.
    Empty,
    /// Its beginning is not told.
    NeverCreated,
    /// It begins this much later.
    #[serde(with = "duration_text")]
    Late(Duration),
    /// It is done this much later.
    #[serde(with = "duration_text")]
    DoneLate(Duration),
    /// It begins, and then nothing comes.
    Stalled,
    /// Nothing comes after this much audio.
    #[serde(with = "duration_text")]
    StalledAfter(Duration),
    /// The session's link fails at once.
    Lost(LinkTrouble),
    /// The session's link fails when some of the audio has come.
    LostAfter(LostAfter),
}

/// When and how a link fails in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostAfter {
    /// Length of the audio before.
    #[serde(with = "duration_text")]
    pub audio: Duration,
    pub by: LinkTrouble,
}

/// The fault of one turn of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechTrouble {
    None,
    /// Its beginning is told and never its end.
    NeverStops,
    /// It is committed, and its end is not told.
    CommittedUnstopped,
}

/// What is wrong with the arguments of function calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentsTrouble {
    #[default]
    None,
    /// They are cut off, so they are not JSON.
    CutOff,
    /// JSON in a JSON string.
    DoubleEncoded,
    /// This text follows them.
    FollowedBy(String),
    /// This text stands in their place.
    ReplacedBy(String),
}

/// How a link fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTrouble {
    /// A close frame with this code.
    Closed(u16),
    /// The connection ends without a close frame.
    Dropped,
    /// Nothing passes any more, and the connection stays open.
    BlackHole,
    /// Nothing passes for this long.
    #[serde(with = "duration_text")]
    Stalled(Duration),
}

impl From<ResponseTrouble> for ResponseFault {
    fn from(trouble: ResponseTrouble) -> Self {
        let failed = |kind: &str, code: Option<&str>| Self::Failed {
            kind: kind.to_owned(),
            code: code.map(str::to_owned),
            message: None,
        };
        let incomplete =
            |reason: &str, after| Self::Incomplete { reason: reason.to_owned(), after };
        match trouble {
            ResponseTrouble::None => Self::None,
            ResponseTrouble::Failed => failed("server_error", None),
            ResponseTrouble::RateLimited => {
                failed("invalid_request_error", Some("inference_rate_limit_exceeded"))
            }
            ResponseTrouble::NoQuota => Self::no_quota(),
            ResponseTrouble::Error => Self::server_error(),
            ResponseTrouble::ErrorFirst(by) => Self::ErrorFirst(by),
            ResponseTrouble::CutShort(after) => incomplete("max_output_tokens", after),
            ResponseTrouble::Filtered(after) => incomplete("content_filter", after),
            ResponseTrouble::TextOnly => Self::TextOnly,
            ResponseTrouble::Empty => Self::Empty,
            ResponseTrouble::NeverCreated => Self::NeverCreated,
            ResponseTrouble::Late(by) => Self::CreatedLate(by),
            ResponseTrouble::DoneLate(by) => Self::DoneLate(by),
            ResponseTrouble::Stalled => Self::StalledAfterCreated,
            ResponseTrouble::StalledAfter(audio) => Self::StalledAfter(audio),
            ResponseTrouble::Lost(by) => Self::Lost { after: None, by: by.into() },
            ResponseTrouble::LostAfter(LostAfter { audio, by }) => {
                Self::Lost { after: Some(audio), by: by.into() }
            }
        }
    }
}

impl From<SpeechTrouble> for SpeechFault {
    fn from(trouble: SpeechTrouble) -> Self {
        match trouble {
            SpeechTrouble::None => Self::None,
            SpeechTrouble::NeverStops => Self::NeverStops,
            SpeechTrouble::CommittedUnstopped => Self::CommittedUnstopped,
        }
    }
}

impl From<ArgumentsTrouble> for ArgumentsFault {
    fn from(trouble: ArgumentsTrouble) -> Self {
        match trouble {
            ArgumentsTrouble::None => Self::None,
            ArgumentsTrouble::CutOff => Self::CutOff,
            ArgumentsTrouble::DoubleEncoded => Self::DoubleEncoded,
            ArgumentsTrouble::FollowedBy(text) => Self::FollowedBy(text),
            ArgumentsTrouble::ReplacedBy(text) => Self::ReplacedBy(text),
        }
    }
}

impl From<LinkTrouble> for LinkFault {
    fn from(trouble: LinkTrouble) -> Self {
        match trouble {
            LinkTrouble::Closed(code) => Self::Closed(code),
            LinkTrouble::Dropped => Self::Dropped,
            LinkTrouble::BlackHole => Self::BlackHole,
            LinkTrouble::Stalled(time) => Self::Stalled(time),
        }
    }
}
