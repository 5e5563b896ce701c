//! What one node asks of another.

use protocol::ids::{Fence, NodeId};
use protocol::twilio::forms::CallStatus;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An order to the node that has a call, or to a node itself. Carrying it out twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Twilio has reported the call's status to another node.
    Status { status: CallStatus, duration_secs: Option<u32> },
    /// An operator ends the call.
    HangUp,
    /// Another node has taken the call over under this number.
    LetGo { fence: Fence },
    /// An operator lets one of the node's actors crash. It is obeyed only where that is allowed.
    Kill { actor: u64 },
    /// Another node wants to show what this one does.
    Report {
        subject: Subject,
        asker: NodeId,
        /// Which question is answered.
        ask: Uuid,
    },
}

/// What a node can show of itself to an operator at another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Actors,
    Calls,
}

impl Subject {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Actors => "actors",
            Self::Calls => "calls",
        }
    }
}
