//! A call's direction, status and end.

use crate::twilio::twiml::RejectReason;

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Direction {
    /// A caller dialled the business's number.
    Inbound,
    /// The daemon placed the call by the REST API.
    OutboundApi,
}

impl Direction {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum CallStatus {
    /// Accepted, not ringing yet.
    Queued,
    Ringing,
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// The callee was busy, or the caller was rejected as busy.
    Busy,
    NoAnswer,
    /// The number can't be reached.
    Failed,
    /// The caller hung up before the answer.
    Canceled,
}

impl CallStatus {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether no other status follows.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
        }
    }
}

/// Why a call is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The daemon ended it by the REST API.
    Rest,
    /// The caller (or callee) hung up.
    CallerHangUp,
    /// `<Hangup>`.
    HangupVerb,
    DocumentEnd,
    /// `<Reject>`.
    Rejected(RejectReason),
    /// The callee of an outbound call did not answer. The call's status says why.
    NotAnswered,
    /// No document could be fetched: the caller heard Twilio's apology.
    ApplicationError,
    /// The call's time limit.
    TimeLimit,
}
