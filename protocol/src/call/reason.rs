//! Why a call ended, and by whom: types, whose text is made at the edge.

use serde::{Deserialize, Serialize};

/// Why a call ended (END-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Everything required was collected.
    LeadComplete,
    /// The caller said goodbye.
    UserGoodbye,
    /// The caller declined.
    CustomerDeclined,
    /// The caller fell silent.
    NoResponse,
    /// The call lasted as long as it may.
    MaxDuration,
    /// The call was handed to a person.
    Transferred,
    /// The caller hung up.
    CallerHungUp,
    /// An operator ended it.
    Operator,
    /// No session with OpenAI could be had.
    UpstreamFailed,
    /// The stream was lost and did not come back.
    StreamLost,
    /// No stream ever opened: busy, no answer, or gone before.
    NotConnected,
    /// A machine answered.
    Machine,
    /// A part of the daemon failed too often (RES-5).
    Internal,
    /// The daemon stopped.
    Shutdown,
}

impl EndReason {
    /// Every reason there is.
    pub const ALL: [Self; 14] = [
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
    ];

    /// As it stands in the database and the metrics.
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
        }
    }
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The person at the other end.
    Caller,
    /// The agent, by `call_control`.
    Agent,
    /// The daemon, by its own rules.
    Daemon,
    /// An operator.
    Operator,
}

impl EndedBy {
    /// As it stands in the database.
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

/// The end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// By whom.
    pub by: EndedBy,
}
