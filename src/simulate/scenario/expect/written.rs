//! What is expected of a written conversation.

use entities::messages::MessageStatus;
use protocol::call::EndReason;
use protocol::texting::PersonNeeded;
use serde::Deserialize;

/// A message that the person was sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct MessageExpectation {
    pub text: MessageText,
    /// How far its delivery is, as in its row.
    pub status: Option<MessageStatus>,
    /// Twilio's code, if it did not reach the person.
    pub error_code: Option<u32>,
}

/// The words of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageText {
    Whole(String),
    Has(String),
}

/// The conversation as the business sees it. What is not written is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConversationExpectation {
    /// Why a person of the business is needed.
    pub needs_person: Option<Need>,
    /// Why the conversation was closed.
    pub closed: Option<Close>,
    pub opted_out: Option<bool>,
    /// Texts of the person's that are in the database.
    pub texts: Option<usize>,
}

/// What the text model was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextModelExpectation {
    /// Number of questions, repeated ones included.
    pub questions: Option<usize>,
    /// The functions that it called, in order.
    pub tools: Option<Vec<String>>,
    /// Parts of what it was told with the last question, in this order.
    pub told: Vec<String>,
    /// What it must not be told with any question.
    pub never_told: Vec<String>,
}

/// Why a person is needed, or that none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    Nothing,
    TooLong,
    ModelFailed,
    WindowClosed,
    Undelivered,
    Refused,
}

/// Why a conversation was closed, or that it goes on. A model can claim these ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    Nothing,
    LeadComplete,
    UserGoodbye,
    CustomerDeclined,
}

impl Need {
    /// As in the conversation's row; empty for nothing.
    pub(in crate::simulate) fn as_str(self) -> &'static str {
        let why = match self {
            Self::Nothing => return "",
            Self::TooLong => PersonNeeded::TooLong,
            Self::ModelFailed => PersonNeeded::ModelFailed,
            Self::WindowClosed => PersonNeeded::WindowClosed,
            Self::Undelivered => PersonNeeded::Undelivered,
            Self::Refused => PersonNeeded::Refused,
        };
        why.as_str()
    }
}

impl Close {
    /// As in the conversation's row; empty for nothing.
    pub(in crate::simulate) fn as_str(self) -> &'static str {
        let reason = match self {
            Self::Nothing => return "",
            Self::LeadComplete => EndReason::LeadComplete,
            Self::UserGoodbye => EndReason::UserGoodbye,
            Self::CustomerDeclined => EndReason::CustomerDeclined,
        };
        reason.as_str()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    whole: Option<String>,
    has: Option<String>,
    status: Option<MessageStatus>,
    error_code: Option<u32>,
}

impl TryFrom<Written> for MessageExpectation {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { whole, has, status, error_code } = written;
        let text = match (whole, has) {
            (Some(words), None) => MessageText::Whole(words),
            (None, Some(words)) if words.trim().is_empty() => {
                return Err("words of the message are expected: every message has none".to_owned());
            }
            (None, Some(words)) => MessageText::Has(words),
            (None, None) | (Some(_), Some(_)) => {
                return Err("one of whole and has is expected".to_owned());
            }
        };
        Ok(Self { text, status, error_code })
    }
}
