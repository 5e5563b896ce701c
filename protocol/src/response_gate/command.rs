//! What the gate wants done and has to say, and the words for where it stands.

use super::{AskNumber, Wording};
use crate::ids::ResponseId;

/// Which request a response belongs to; travels as `metadata` and comes back with the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub u64);

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It said all it had to say.
    Completed,
    /// It was cut by a limit or a filter; what came is valid.
    Incomplete,
    /// We cancelled it.
    Cancelled,
    /// It failed, and asking again may help.
    FailedForNow,
    /// It failed, and asking again will not help (quota, filter, an invalid request).
    FailedForGood,
}

/// What the gate wants done, or has to say. Drain with [`ResponseGate::poll_command`](super::ResponseGate::poll_command).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateCommand {
    /// Send `response.create`, with `request` as its metadata.
    Create {
        /// Ties the response to this request.
        request: RequestNumber,
        /// The line to speak, or `None` for an answer to the conversation.
        line: Option<(String, Wording)>,
    },
    /// Send `response.cancel` for this response.
    Cancel(ResponseId),
    /// A response has begun; these asks are what it serves.
    Started {
        /// The response.
        response: ResponseId,
        /// The asks it serves.
        asks: Vec<AskNumber>,
    },
    /// This ask came after a response that saw its turn had begun: that response serves it.
    Covered {
        /// The late ask.
        ask: AskNumber,
        /// The response that serves it.
        response: ResponseId,
    },
    /// A response is over, or was given up before it began (`response` is `None`).
    Ended {
        /// The response, if it ever began.
        response: Option<ResponseId>,
        /// The asks it served.
        asks: Vec<AskNumber>,
        /// How it ended.
        outcome: Outcome,
    },
    /// An ordinary ask was dropped because a response is under way already.
    Dropped(AskNumber),
    /// Nothing has come for [`STALLED_AFTER`](super::STALLED_AFTER): the session is to be replaced.
    Stalled,
}

/// Where the gate stands, by name: for the status line and the introspection (PIPE-7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Nothing asked for.
    #[default]
    Idle,
    /// `response.create` is on its way; `response.created` has not come.
    Requested,
    /// A response is running at OpenAI.
    Active,
    /// A response was cancelled; its `response.done` has not come.
    Cancelling,
}
