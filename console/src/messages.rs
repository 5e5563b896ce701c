//! Written conversations: the list, and one of them with its answer by hand.

mod conversation;

use jiff::Timestamp;
use uuid::Uuid;

use crate::components::{Pager, Person};
use crate::page::page;

pub use conversation::{ConversationPage, Delivery, Message, MessageKind, Reply};

/// Why a conversation needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Need {
    /// The answer does not fit into one message.
    TooLong,
    /// The text model gave no answer.
    ModelFailed,
    /// WhatsApp's 24 hours were over.
    WindowClosed,
    /// The answer did not arrive.
    Undelivered,
    /// Twilio refused it.
    Refused,
}

impl Need {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::TooLong => "need-too-long",
            Self::ModelFailed => "need-model-failed",
            Self::WindowClosed => "need-window-closed",
            Self::Undelivered => "need-undelivered",
            Self::Refused => "need-refused",
        }
    }
}

/// A conversation in the list.
#[derive(Debug, Clone)]
pub struct ConversationRow {
    pub id: Uuid,
    pub person: Person,
    pub active_at: Timestamp,
    /// What was written last, and whether the business wrote it.
    pub last_words: Option<(bool, String)>,
    pub need: Option<Need>,
    pub opted_out: bool,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct MessagesPage {
    /// Only those that need a person.
    pub only_needy: bool,
    /// The business has a number for WhatsApp.
    pub has_number: bool,
    pub conversations: Vec<ConversationRow>,
    pub pager: Pager,
}

page!(MessagesPage, "messages.html");
