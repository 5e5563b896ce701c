//! One written conversation.

use jiff::Timestamp;
use uuid::Uuid;

use super::Need;
use crate::components::Person;
use crate::page::page;
use crate::texts::Texts;

/// The longest message that WhatsApp takes, in UTF-16 units.
const MOST_UNITS: u32 = 1600;

/// How far an outgoing message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Delivery {
    /// It waits for a person of the business.
    Held,
    Queued,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl Delivery {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Held => "delivery-held",
            Self::Queued => "delivery-queued",
            Self::Sent => "delivery-sent",
            Self::Delivered => "delivery-delivered",
            Self::Read => "delivery-read",
            Self::Failed => "delivery-failed",
        }
    }
}

/// What came instead of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum MessageKind {
    Text,
    Audio,
    Image,
    Video,
    File,
    Location,
    Contact,
}

impl MessageKind {
    pub(crate) fn key(self) -> Option<&'static str> {
        Some(match self {
            Self::Text => return None,
            Self::Audio => "kind-audio",
            Self::Image => "kind-image",
            Self::Video => "kind-video",
            Self::File => "kind-file",
            Self::Location => "kind-location",
            Self::Contact => "kind-contact",
        })
    }
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: Uuid,
    pub at: Timestamp,
    pub body: String,
    pub kind: MessageKind,
    /// `None`: it came in.
    pub sent: Option<Delivery>,
    /// Written by a person of the business.
    pub by_hand: bool,
    /// Twilio's error, if it did not arrive.
    pub error_code: Option<u32>,
}

/// Whether the user can answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With what they have entered, and what is wrong with it.
    Open { draft: String, wrong: Option<String> },
    /// The person's last message is older than 24 hours.
    WindowClosed,
    /// The business has no number for WhatsApp.
    NoNumber,
}

/// The page.
#[derive(Debug, Clone)]
pub struct ConversationPage {
    pub id: Uuid,
    pub person: Person,
    pub need: Option<Need>,
    pub reply: Reply,
    /// The newest, oldest first.
    pub messages: Vec<Message>,
    /// The agent's last remark for the business.
    pub notes: Option<String>,
    /// The person wants no messages by themselves; what they wrote may be answered.
    pub opted_out: bool,
    /// The person is on the telephone: what is written now is sent after the call.
    pub in_call: bool,
}

impl ConversationPage {
    /// The day that begins with this message, if it is not that of the one before.
    pub(crate) fn new_day(&self, t: &Texts, at: &usize) -> Option<String> {
        let message = self.messages.get(*at)?;
        let before = at.checked_sub(1).and_then(|at| self.messages.get(at));
        let day = |message: &Message| t.local(message.at).date();
        let is_new = before.is_none_or(|before| day(before) != day(message));
        is_new.then(|| t.day(&message.at))
    }

    pub(crate) fn most_units(&self) -> u32 {
        MOST_UNITS
    }
}

page!(ConversationPage, "conversation.html");
