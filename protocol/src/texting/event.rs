//! What can happen to a conversation.

use jiff::Timestamp;
use uuid::Uuid;

use super::state::{MessageId, Outgoing};
use crate::call::{LeadFacts, ToolOutcome};
use crate::ids::CallSid;
use crate::openai::responses::{ModelReply, ToolCalls};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The person has written. The text is in the database.
    TextCame(Text),
    /// An operator answers by hand. The message is in the database.
    OperatorWrote(Outgoing),
    /// The person is on the telephone with the business.
    CallBegan,
    /// A call between the two is over.
    CallEnded {
        /// The call.
        call: CallSid,
    },
    /// Twilio reported that a message did not reach the person.
    DeliveryFailed {
        /// Twilio's error code.
        code: Option<u32>,
    },
    /// A job is done.
    JobDone {
        /// The job's number. What an older job brings is passed over.
        job: u64,
        /// What it has brought.
        result: JobResult,
    },
}

/// What the person has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its row.
    pub id: MessageId,
    /// When it came.
    pub at: Timestamp,
    /// What is in it.
    pub content: Content,
}

/// What is in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Words, or what can be told in words: a place, a contact, a picture's caption.
    Words(String),
    /// A voice note, a picture or a file, without a word.
    Media,
}

impl Content {
    pub(super) fn words(&self) -> Option<&str> {
        match self {
            Self::Words(words) => Some(words),
            Self::Media => None,
        }
    }
}

/// What a job has brought.
#[derive(Debug, Clone, PartialEq)]
pub enum JobResult {
    /// Of [`Job::Prepare`](super::Job::Prepare).
    Prepared(Prepared),
    /// Of [`Job::AskModel`](super::Job::AskModel): the model has answered.
    Replied(ModelReply),
    /// Of the same: it has called tools.
    Called(ToolCalls),
    /// Of the same: no try gave an answer.
    NoAnswer,
    /// Of [`Job::RunTool`](super::Job::RunTool).
    ToolFinished {
        /// What the model is told.
        outcome: ToolOutcome,
        /// The lead after it, if the tool has changed it.
        lead: Option<LeadFacts>,
    },
    /// Of [`Job::LookForCall`](super::Job::LookForCall).
    Looked {
        /// Whether the person is on the telephone with the business.
        on_call: bool,
    },
    /// Of [`Job::Send`](super::Job::Send): Twilio has the message.
    Sent {
        /// Twilio's name for it.
        sid: String,
    },
    /// Of the same: Twilio's list does not have the message that was to be looked for.
    NotThere,
    /// Of the same.
    SendFailed(SendFault),
}

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// Whether the person is on the telephone with the business.
    pub on_call: bool,
    /// The row of the answer, if it has none yet.
    pub answer: Uuid,
    /// What is known of the lead.
    pub lead: LeadFacts,
    /// Whether the call that is to be followed by a message has earned one.
    pub call_earns_message: bool,
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFault {
    /// Twilio does not have it: it was busy, or not reached. It can be sent again.
    NotTaken,
    /// Nobody knows whether Twilio has it. It is looked for before it is sent again.
    Unknown,
    /// Twilio refuses it for good.
    Refused {
        /// Twilio's error code.
        code: Option<u32>,
    },
}
