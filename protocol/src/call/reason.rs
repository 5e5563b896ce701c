//! Why a call ended, and by whom.

use serde::{Deserialize, Serialize};

/// Why a call ended (END-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All required lead fields are known, and `ending.decider` may end the call for that (END-3).
    LeadComplete,
    /// A goodbye, by the model's claim or by phrases (END-3).
    UserGoodbye,
    /// The caller wants nothing. Only the model claims it, and "no thanks" alone is not enough (END-4).
    CustomerDeclined,
    /// The caller stayed silent after the last silence check (END-7).
    NoResponse,
    /// The call reached `ending.max_duration`, and was told so (END-9).
    MaxDuration,
    /// A person has answered the transfer, or the daemon stopped while it rang (CALL-10).
    Transferred,
    /// The stream or the call ended, and nobody here had asked for that.
    CallerHungUp,
    /// `POST /api/calls/{call_sid}/hangup`. No closing line is spoken.
    Operator,
    /// OpenAI gave no answer for `openai.upstream_patience`, or refuses the key, quota, model or voice.
    UpstreamFailed,
    /// The stream was lost and did not come back.
    StreamLost,
    /// No stream ever opened: busy, no answer, or gone before.
    NotConnected,
    /// A placed call was answered by a machine (`outbound.machine_detection`).
    Machine,
    /// A part of the daemon failed too often (RES-5).
    Internal,
    /// The daemon was told to stop. If a stream was open, the closing line is spoken first (RES-6).
    Shutdown,
    /// The daemon did not take the call: it was full, stopping, or without its database (CALL-11).
    Refused,
    /// The daemon did not take the call, because its business is paused (OPS-14).
    Paused,
}

impl EndReason {
    /// Every reason. Tests walk it, so that each has a scenario.
    pub const ALL: [Self; 16] = [
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
        Self::Paused,
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
            Self::Paused => "paused",
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
    /// Its text in the database and the API is [`EndReason::as_str`].
    pub reason: EndReason,
    /// Whose words or order led to `reason`; [`EndedBy::Daemon`] for rules and limits.
    pub by: EndedBy,
}
