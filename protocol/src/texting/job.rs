//! What a conversation wants done: one job at a time, and records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Conversation;
use super::state::{Cost, MessageId, Outgoing, Phase};
use crate::business::LeadStatus;
use crate::call::{EndReason, FunctionCall};
use crate::ids::CallSid;
use crate::openai::responses::{HistoryItem, Tools};
use crate::tools::Tool;

/// Work outside the state machine. It ends with [`Event::JobDone`](super::Event::JobDone).
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Read what the answer rests on: lead, history, whether a call goes on.
    Prepare {
        /// The call that is to be followed by a message.
        after_call: Option<CallSid>,
    },
    /// Ask the text model.
    AskModel {
        /// What follows the history: tool calls and their outputs, earlier answers and why they were not
        /// sent.
        more: Vec<HistoryItem>,
        /// Whether the model may call tools.
        tools: Tools,
        /// The call that is to be followed by a message.
        after_call: Option<CallSid>,
    },
    /// Run a tool. Its id is the idempotency key (CAL-4).
    RunTool {
        /// The tool.
        tool: Tool,
        /// The call.
        call: FunctionCall,
        /// The starts that were offered in this conversation (CAL-7).
        offered: Vec<Timestamp>,
    },
    /// Look whether the person is on the telephone with the business (WA-3).
    LookForCall,
    /// Send a message.
    Send {
        /// The message.
        message: Outgoing,
        /// Whether it may have been sent before: then only look for it in Twilio's list (WA-2).
        look_first: bool,
        /// When it was first tried to send it.
        since: Timestamp,
    },
}

/// A decision that is stored with the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A new conversation has begun: the history before is not part of it.
    Began {
        /// When.
        at: Timestamp,
    },
    /// These texts are answered, or want no answer.
    Handled(Vec<MessageId>),
    /// This message is about to be sent.
    Stored {
        /// The message.
        message: Outgoing,
        /// The newest text that it answers.
        answers: Option<MessageId>,
        /// What it has cost; `None` if the text model was not asked for it.
        cost: Option<Cost>,
    },
    /// This message is not sent, and waits for a person: the window is closed.
    Held {
        /// The message.
        message: Outgoing,
        /// The newest text that it answers.
        answers: Option<MessageId>,
        /// What it has cost; `None` if the text model was not asked for it.
        cost: Option<Cost>,
    },
    /// Twilio has the message.
    Sent {
        /// Its row.
        id: MessageId,
        /// Twilio's name for it.
        sid: String,
    },
    /// Twilio has refused the message.
    Refused {
        /// Its row.
        id: MessageId,
        /// Twilio's error code.
        code: Option<u32>,
    },
    /// Nobody knows whether Twilio has the message, and it is not looked for any more.
    GivenUp {
        /// Its row.
        id: MessageId,
    },
    /// The lead's status.
    LeadStatus(LeadStatus),
    /// A remark of the model's for the business.
    Noted(String),
    /// The conversation is marked for a person of the business.
    ForPerson(PersonNeeded),
    /// The person wants no messages by themselves, or wants them again.
    OptedOut(bool),
    /// The conversation is over. The next text begins a new one.
    Closed(EndReason),
}

/// Why a person of the business is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonNeeded {
    /// The answer stayed too long for one message (WA-1).
    TooLong,
    /// The text model gave no answer (WA-4).
    ModelFailed,
    /// The last text is older than a day (WA-1).
    WindowClosed,
    /// A message did not reach the person.
    Undelivered,
    /// Twilio refused a message.
    Refused,
}

impl PersonNeeded {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::TooLong, Self::ModelFailed, Self::WindowClosed, Self::Undelivered, Self::Refused];

    /// The word in columns, answers of the API and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::ModelFailed => "model_failed",
            Self::WindowClosed => "window_closed",
            Self::Undelivered => "undelivered",
            Self::Refused => "refused",
        }
    }
}

impl Conversation {
    /// What is to be done now, with its number. It follows from the state.
    #[must_use]
    pub fn job(&self) -> Option<(u64, Job)> {
        let state = &self.state;
        let round = state.round.as_ref();
        let after_call = round.and_then(|round| round.after_call.clone());
        let job = match &state.phase {
            Phase::Resting | Phase::OnCall { .. } | Phase::Pausing { .. } => return None,
            Phase::Preparing => Job::Prepare { after_call },
            Phase::Asking => {
                let round = round?;
                Job::AskModel { more: round.items.clone(), tools: round.tools(), after_call }
            }
            Phase::Running => {
                let call = round?.calls.front()?.clone();
                let tool = Tool::named(&call.name)?;
                Job::RunTool { tool, call, offered: state.offered.clone() }
            }
            Phase::Clearing => Job::LookForCall,
            Phase::Sending { look_first } => {
                let message = state.sending.clone()?;
                let since = state.sends_since?;
                Job::Send { message, look_first: *look_first, since }
            }
        };
        Some((state.job, job))
    }
}
