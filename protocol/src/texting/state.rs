//! What is stored of a conversation between two events.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::job::PersonNeeded;
use crate::call::{EndReason, FunctionCall};
use crate::ids::CallSid;
use crate::openai::responses::{HistoryItem, Tools};
use crate::openai::usage::Usage;

/// The row of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

/// A message of the business's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Its row. With the same row it is the same message.
    pub id: MessageId,
    /// The text, whole.
    pub body: String,
}

/// Everything that must survive a crash. The words of the texts are in the database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    pub(super) phase: Phase,
    /// The number of the job in work.
    pub(super) job: u64,
    /// Texts that wait for an answer, oldest first.
    pub(super) owed: VecDeque<Owed>,
    /// The answer in work.
    pub(super) round: Option<Round>,
    /// The message on its way: the round's answer, or an operator's.
    pub(super) sending: Option<Outgoing>,
    /// When it was first tried to send it.
    pub(super) sends_since: Option<Timestamp>,
    /// How often that has failed.
    pub(super) tries: u32,
    /// Messages of an operator's that wait.
    pub(super) by_hand: VecDeque<Outgoing>,
    /// A call that may be followed by a message.
    pub(super) after_call: Option<CallSid>,
    /// When the person last wrote.
    pub(super) last_came: Option<Timestamp>,
    pub(super) opted_out: bool,
    /// The next text begins a new conversation.
    pub(super) closed: bool,
    /// The person has said "no thanks" before, and nothing else with it.
    pub(super) declined: bool,
    /// The lead's fields that this conversation has captured.
    pub(super) captured: BTreeSet<String>,
    /// The starts that were offered, the newest last.
    pub(super) offered: Vec<Timestamp>,
}

/// What a conversation is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing is in work. If texts are owed, more may follow: they settle.
    #[default]
    Resting,
    /// The person is on the telephone. What is owed waits.
    OnCall {
        /// When it is looked whether the call still goes on.
        look_at: Timestamp,
    },
    /// What the answer rests on is being read.
    Preparing,
    /// The model is being asked.
    Asking,
    /// A tool runs.
    Running,
    /// An answer is there. It is looked whether a call goes on.
    Clearing,
    /// The message is being handed to Twilio.
    Sending {
        /// Whether it may have been sent before.
        look_first: bool,
    },
    /// Sending failed, and is tried again.
    Pausing {
        /// When.
        until: Timestamp,
        /// Whether it may have been sent.
        look_first: bool,
    },
}

/// A phase's name, and the two that a resting conversation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseName {
    /// Nothing is owed.
    Idle,
    /// More texts may follow.
    Settling,
    /// See [`Phase::OnCall`].
    OnCall,
    /// See [`Phase::Preparing`].
    Preparing,
    /// See [`Phase::Asking`].
    Asking,
    /// See [`Phase::Running`].
    Running,
    /// See [`Phase::Clearing`].
    Clearing,
    /// See [`Phase::Sending`].
    Sending,
    /// See [`Phase::Pausing`].
    Pausing,
}

impl PhaseName {
    /// The word in the table and in introspection.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Settling => "settling",
            Self::OnCall => "on a call",
            Self::Preparing => "preparing",
            Self::Asking => "asking",
            Self::Running => "running",
            Self::Clearing => "clearing",
            Self::Sending => "sending",
            Self::Pausing => "pausing",
        }
    }
}

impl State {
    /// The name of its phase.
    #[must_use]
    pub fn phase(&self) -> PhaseName {
        match self.phase {
            Phase::Resting if self.owed.is_empty() => PhaseName::Idle,
            Phase::Resting => PhaseName::Settling,
            Phase::OnCall { .. } => PhaseName::OnCall,
            Phase::Preparing => PhaseName::Preparing,
            Phase::Asking => PhaseName::Asking,
            Phase::Running => PhaseName::Running,
            Phase::Clearing => PhaseName::Clearing,
            Phase::Sending { .. } => PhaseName::Sending,
            Phase::Pausing { .. } => PhaseName::Pausing,
        }
    }

    /// When the person last wrote.
    #[must_use]
    pub fn last_came(&self) -> Option<Timestamp> {
        self.last_came
    }
}

/// A text that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owed {
    pub(super) id: MessageId,
    pub(super) at: Timestamp,
    /// Whether there is a word in it.
    pub(super) is_readable: bool,
    /// Whether it is nothing but "no thanks".
    pub(super) declines: bool,
    /// Whether it ends in a goodbye.
    pub(super) says_goodbye: bool,
}

/// What an answer has cost at OpenAI.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// How often the text model was asked.
    pub questions: u32,
    /// Billed tokens.
    pub usage: Usage,
}

/// One answer, from the first question to the model until it is sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Round {
    /// What is answered. Empty if only a call is followed by a message.
    pub(super) batch: Vec<Owed>,
    pub(super) after_call: Option<CallSid>,
    /// The row of the answer.
    pub(super) answer: Option<MessageId>,
    /// What the model is told after the history.
    pub(super) items: Vec<HistoryItem>,
    /// Tool calls that have not returned. The first one is in work.
    pub(super) calls: VecDeque<FunctionCall>,
    /// How often tools were called.
    pub(super) tool_rounds: u32,
    /// How often the answer was too long.
    pub(super) rewrites: u32,
    /// Whether the control was refused once.
    pub(super) refused: bool,
    /// Decided with the answer.
    pub(super) closes: Option<EndReason>,
    pub(super) for_person: Option<PersonNeeded>,
    pub(super) cost: Cost,
}

impl Round {
    pub(super) fn newest(&self) -> Option<&Owed> {
        self.batch.last()
    }

    /// A model that only calls tools must answer at last.
    pub(super) fn tools(&self) -> Tools {
        if self.tool_rounds < super::round::MOST_TOOL_ROUNDS {
            Tools::Offered
        } else {
            Tools::Withheld
        }
    }
}
