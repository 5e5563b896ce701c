//! What the gate wants done and reports, and the words for it.

use super::{AskNumber, Manner, Wording};
use crate::ids::ResponseId;

/// Numbers the requests of one call, from 1. It travels as `metadata` of `response.create` and
/// comes back with the response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub u64);

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It said all it had to say.
    Completed,
    /// It called a tool that it was offered. It may have spoken, too.
    Called,
    /// A limit, a filter or a failure cut it short. What came is valid.
    Incomplete,
    /// We cancelled it.
    Cancelled,
    /// It had nothing that can be heard, and no call of a tool that it was offered.
    Unspoken,
    /// All its tokens were spent before the first word.
    OutOfTokens,
    /// The content filter stopped it before the first word.
    Filtered,
    /// It failed before the first word.
    Failed,
}

impl Outcome {
    /// Whether its asks are unserved: the call decides what becomes of them (PIPE-9).
    #[must_use]
    pub fn served_nothing(self) -> bool {
        match self {
            Self::Unspoken | Self::OutOfTokens | Self::Filtered | Self::Failed => true,
            Self::Completed | Self::Called | Self::Incomplete | Self::Cancelled => false,
        }
    }

    /// The outcome of a response that has ended so on the wire. `spoke`: some of its audio came.
    /// `cancelled`: we have cancelled it.
    pub(super) fn of(self, spoke: bool, cancelled: bool) -> Self {
        if spoke {
            return if self.served_nothing() { Self::Incomplete } else { self };
        }
        match self {
            Self::Called => Self::Called,
            Self::Completed
            | Self::Incomplete
            | Self::Cancelled
            | Self::Unspoken
            | Self::OutOfTokens
            | Self::Filtered
            | Self::Failed
                if cancelled =>
            {
                Self::Cancelled
            }
            Self::Completed | Self::Incomplete | Self::Unspoken => Self::Unspoken,
            Self::OutOfTokens | Self::Filtered | Self::Failed => self,
            // Nobody here has cancelled it.
            Self::Cancelled => Self::Failed,
        }
    }
}

/// What the gate gives out, in order. `Create` and `Cancel` are to be sent to OpenAI; the others
/// are reports. Drain with [`ResponseGate::poll_output`](super::ResponseGate::poll_output).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateOutput {
    /// Send `response.create`.
    Create {
        /// To be sent as the response's metadata.
        request: RequestNumber,
        /// The line to speak, and how closely. `None` for an answer to the conversation.
        line: Option<(String, Wording)>,
        /// Whether it was asked for before, and what came of it.
        manner: Manner,
    },
    /// Send `response.cancel` for this response.
    Cancel(ResponseId),
    /// A response has begun.
    Started {
        /// OpenAI's id.
        response: ResponseId,
        /// The asks it carries. Empty if it was not asked for here.
        asks: Vec<AskNumber>,
    },
    /// An ask came after a response that has seen its turn. That response carries it.
    Covered {
        /// The late ask.
        ask: AskNumber,
        /// The response that carries it; it may be over.
        response: ResponseId,
    },
    /// A response is over, or was given up before it began.
    Ended {
        /// OpenAI's id. `None` if it never began.
        response: Option<ResponseId>,
        /// The asks it carried.
        asks: Vec<AskNumber>,
        /// How it ended.
        outcome: Outcome,
    },
    /// A resume was dropped, because a response is under way.
    Dropped(AskNumber),
    /// Nothing came for [`STALLED_AFTER`](super::STALLED_AFTER). The session is to be replaced.
    Stalled,
}

/// The gate's state by name, for the status line and the introspection (PIPE-7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Nothing is asked for.
    #[default]
    Idle,
    /// `response.create` was sent; `response.created` has not come.
    Requested,
    /// A response is running at OpenAI.
    Active,
    /// `response.cancel` was sent, or will be; `response.done` has not come.
    Cancelling,
}
