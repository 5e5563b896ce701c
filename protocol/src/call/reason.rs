//! Why a call ended, and by whom.

use serde::{Deserialize, Serialize};

/// Why a call ended (END-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All required fields of the lead were captured.
    LeadComplete,
    /// The caller said goodbye.
    UserGoodbye,
    /// The caller said "no thanks".
    CustomerDeclined,
    /// The caller fell silent.
    NoResponse,
    /// The call reached `ending.max_duration`.
    MaxDuration,
    /// The call was transferred to a person.
    Transferred,
    /// The caller hung up.
    CallerHungUp,
    /// An operator ended it.
    Operator,
    /// OpenAI gave no answer for `openai.upstream_patience`, or refuses the key, quota, model or voice.
    UpstreamFailed,
    /// The stream was lost and did not come back.
    StreamLost,
    /// No stream ever opened: busy, no answer, or gone before.
    NotConnected,
    /// An answering machine took a call that the business placed.
    Machine,
    /// A part of the daemon failed too often (RES-5).
    Internal,
    /// The daemon was stopped.
    Shutdown,
    /// The daemon did not take the call: it was full, stopping, or without its database (CALL-11).
    Refused,
}

impl EndReason {
    /// All reasons.
    pub const ALL: [Self; 15] = [
        Self::LeadComplete,
        Self::UserGoodbye,
        Self::CustomerDeclined,
        Self::NoResponse,
        Self::MaxDuration,
        Self::Transferred,
        Self::CallerHungUp,
        Self::Operator,
        Self::UpstreamFailed,
        Self::StreamLost,
        Self::NotConnected,
        Self::Machine,
        Self::Internal,
        Self::Shutdown,
        Self::Refused,
    ];

    /// The reason in `snake_case`, as it is written in the database and the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeadComplete => "lead_complete",
            Self::UserGoodbye => "user_goodbye",
            Self::CustomerDeclined => "customer_declined",
            Self::NoResponse => "no_response",
            Self::MaxDuration => "max_duration",
            Self::Transferred => "transferred",
            Self::CallerHungUp => "caller_hung_up",
            Self::Operator => "operator",
            Self::UpstreamFailed => "upstream_failed",
            Self::StreamLost => "stream_lost",
            Self::NotConnected => "not_connected",
            Self::Machine => "machine",
            Self::Internal => "internal",
            Self::Shutdown => "shutdown",
            Self::Refused => "refused",
        }
    }
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The person at the other end.
    Caller,
    /// The agent, by a tool.
    Agent,
    /// The daemon, by the business's rules or its own limits.
    Daemon,
    /// An operator, by the API.
    Operator,
}

impl EndedBy {
    /// The party in `snake_case`, as it is written in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
            Self::Daemon => "daemon",
            Self::Operator => "operator",
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// By whom.
    pub by: EndedBy,
}
