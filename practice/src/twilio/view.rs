//! What can be seen of a call from outside: its view while it lives, its outcome after.

mod log;
mod outcome;
mod stream;

use std::time::Duration;

use protocol::ids::CallSid;

use super::debugger::{Trouble, Violation};
use super::twiml::RejectReason;
use crate::speech::Partial;

pub use self::log::{Done, HeardSpeech, VerbRun, Webhook, WebhookRun};
pub use self::outcome::{CallOutcome, Recording, Track};
pub use self::stream::{Echo, StreamEnd, StreamView};

/// A call as it stands. Times are line time since it was dialled.
#[derive(Debug, Clone)]
pub struct CallView {
    /// The call.
    pub call_sid: CallSid,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// Who placed it.
    pub direction: Direction,
    /// Its status, as the REST API shows it.
    pub status: CallStatus,
    /// When it was answered.
    pub answered_at: Option<Duration>,
    /// When it ended.
    pub ended_at: Option<Duration>,
    /// Every request made to the daemon for it, in the order of their answers.
    pub requests: Vec<WebhookRun>,
    /// Every verb that was run, in order.
    pub verbs: Vec<VerbRun>,
    /// Every media socket that was opened, in order.
    pub streams: Vec<StreamView>,
    /// What the caller heard the daemon say on its streams, in order.
    pub heard: Vec<HeardSpeech>,
    /// What the caller is hearing.
    pub hearing: Option<Partial>,
    /// Samples of audio that the caller heard on streams, silence of an empty buffer not counted.
    pub samples_heard: u64,
    /// When the caller first heard audio on a stream.
    pub first_heard_at: Option<Duration>,
    /// When the caller last heard audio on a stream.
    pub last_heard_at: Option<Duration>,
    /// Samples that wait in the playout buffer.
    pub buffered: u64,
    /// Sounds (frames and keys) of the caller that went into the line.
    pub spoken: u64,
    /// REST requests to end this call, whatever they were answered.
    pub hang_up_requests: u32,
    /// When the first of them came.
    pub hang_up_asked_at: Option<Duration>,
    /// REST requests to redirect this call, whatever they were answered.
    pub redirect_requests: u32,
    /// The daemon's mistakes.
    pub violations: Vec<Violation>,
    /// What failed on the way.
    pub troubles: Vec<Trouble>,
    /// Why it is over, once it is.
    pub ended: Option<EndedBy>,
}

impl CallView {
    pub fn new(call_sid: CallSid, from: &str, to: &str, direction: Direction) -> Self {
        Self {
            call_sid,
            from: from.to_owned(),
            to: to.to_owned(),
            direction,
            status: match direction {
                Direction::Inbound => CallStatus::Ringing,
                Direction::OutboundApi => CallStatus::Queued,
            },
            answered_at: None,
            ended_at: None,
            requests: Vec::new(),
            verbs: Vec::new(),
            streams: Vec::new(),
            heard: Vec::new(),
            hearing: None,
            samples_heard: 0,
            first_heard_at: None,
            last_heard_at: None,
            buffered: 0,
            spoken: 0,
            hang_up_requests: 0,
            hang_up_asked_at: None,
            redirect_requests: 0,
            violations: Vec::new(),
            troubles: Vec::new(),
            ended: None,
        }
    }

    /// From answer to end; none before the end, or without an answer.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(self.ended_at?.saturating_sub(self.answered_at?))
    }
}

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody called the business's number.
    Inbound,
    /// The daemon called by the REST API.
    OutboundApi,
}

impl Direction {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
        }
    }
}

/// A call's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    /// Accepted, not ringing yet.
    Queued,
    /// Ringing.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// The callee was busy, or the caller was refused so.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The number can't be reached.
    Failed,
    /// Given up before it was answered.
    Canceled,
}

impl CallStatus {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing comes after it.
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
    /// No verb was left.
    DocumentEnd,
    /// `<Reject>`.
    Rejected(RejectReason),
    /// The callee of an outbound call did not answer; its status says how.
    NotAnswered,
    /// No document could be had: the caller heard Twilio's own apology.
    ApplicationError,
    /// The time limit of the call.
    TimeLimit,
}
