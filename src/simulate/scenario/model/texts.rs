//! What a scenario can let go wrong with the text model's answers.

use std::time::Duration;

use practice::openai::TextFault;
use protocol::business::duration_text;
use serde::Deserialize;

/// The fault of an answer in writing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextTrouble {
    #[default]
    None,
    /// 429.
    RateLimited,
    /// The account has no quota left. A retry does not help.
    NoQuota,
    /// 500.
    ServerError,
    /// The model refuses to answer.
    Refusal,
    /// The answer ends in its middle, at the token limit.
    CutOff,
    /// The response fails.
    Failed,
    /// It completes without output.
    Empty,
    /// This text in place of the document that was asked for.
    Text(String),
    /// The reply has at least this many UTF-16 units.
    TooLong(usize),
    /// The model claims this end.
    Claims(String),
    /// The answer comes this much later.
    #[serde(with = "duration_text")]
    Late(Duration),
    /// No answer comes.
    Silence,
    /// The connection breaks in the middle of the answer.
    Lost,
}

impl From<TextTrouble> for TextFault {
    fn from(trouble: TextTrouble) -> Self {
        match trouble {
            TextTrouble::None => Self::None,
            TextTrouble::RateLimited => Self::TooManyRequests(None),
            TextTrouble::NoQuota => Self::NoQuota,
            TextTrouble::ServerError => Self::ServerError,
            TextTrouble::Refusal => Self::Refusal,
            TextTrouble::CutOff => Self::Incomplete("max_output_tokens".to_owned()),
            TextTrouble::Failed => Self::Failed("server_error".to_owned()),
            TextTrouble::Empty => Self::Empty,
            TextTrouble::Text(text) => Self::Text(text),
            TextTrouble::TooLong(units) => Self::TooLong(units),
            TextTrouble::Claims(reason) => Self::Claims(reason),
            TextTrouble::Late(by) => Self::Late(by),
            TextTrouble::Silence => Self::Silence,
            TextTrouble::Lost => Self::HalfBody,
        }
    }
}
