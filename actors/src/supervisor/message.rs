//! The root's messages.

use std::fmt;

use entities::calls::CallLease;
use protocol::call::CallSetup;
use protocol::ids::{CallSid, Fence};
use protocol::twilio::forms::CallStatus;
use ractor::RpcReplyPort;
use thiserror::Error;

use crate::call_supervisor::CallHandle;
use crate::introspection::ActorKind;
use crate::saved::StoredCall;
use crate::trace::Show;

/// An actor that all calls share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedPart {
    Journal,
    Calendar,
    Messaging,
    Outbox,
}

impl SharedPart {
    pub(super) fn kind(self) -> ActorKind {
        match self {
            Self::Journal => ActorKind::Journal,
            Self::Calendar => ActorKind::Calendar,
            Self::Messaging => ActorKind::Messaging,
            Self::Outbox => ActorKind::Outbox,
        }
    }
}

/// Why a call was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CallRefused {
    /// The limit of calls is reached (RES-7).
    #[error("the limit of calls is reached")]
    Full,
    /// Neither the database nor the disk takes records (CAL-8).
    #[error("the journal has no room for another call")]
    JournalFull,
    /// The daemon is stopping (RES-6).
    #[error("the daemon is stopping and takes no new calls")]
    Draining,
    /// The call is over: its terminal status came first (CALL-11).
    #[error("the call is over")]
    Over,
    /// The root did not answer, or an actor could not be started.
    #[error("the call could not be started")]
    Failed,
}

/// What a status callback said. Early ones come before their call has actors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedStatus {
    pub call: CallSid,
    pub status: CallStatus,
    /// Comes with a terminal status.
    pub duration_secs: Option<u32>,
}

/// What the root knows of a call of which a status is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    Runs,
    /// It ended here, or its terminal status came before.
    WasOver,
    Unknown,
}

#[derive(Debug)]
pub enum SupervisorMsg {
    /// Start a call, or find the one that is running already (CALL-9).
    Start {
        setup: Box<CallSetup>,
        /// Under which this node has it.
        lease: CallLease,
        reply: RpcReplyPort<Result<CallHandle, CallRefused>>,
    },
    /// Go on with a call of another process, or find the one that is running already (RES-4).
    Resume {
        stored: Box<StoredCall>,
        reply: RpcReplyPort<Result<CallHandle, CallRefused>>,
    },
    /// Tell the call its status. The reply says whether it runs. If not, a call whose status is
    /// terminal never starts (CALL-11).
    Report {
        reported: ReportedStatus,
        reply: RpcReplyPort<Reported>,
    },
    /// Another node has taken the call over under this fencing number, or under a newer one.
    LetGo {
        call: CallSid,
        fence: Fence,
    },
    /// The database can't be reached. Calls whose stream has ended close their sessions.
    CutOff,
    Find {
        call: CallSid,
        reply: RpcReplyPort<Option<CallHandle>>,
    },
    /// Whether a call runs or could run here: this is asked before it is taken from another node.
    MayRun {
        call: CallSid,
        reply: RpcReplyPort<Result<(), CallRefused>>,
    },
    List(RpcReplyPort<Vec<CallHandle>>),
    /// Refuse new calls. The running ones go on.
    RefuseNew,
    /// Refuse new calls, and let the running ones end politely.
    Drain,
    /// The dead actor's tasks are joined. It may restart after its pause.
    Joined(SharedPart),
    /// A restart is due.
    Alarm,
}

/// Without the reply ports.
impl Show for SupervisorMsg {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { setup, lease: _, reply: _ } => write!(f, "Start {}", setup.call_sid),
            Self::Resume { stored, reply: _ } => write!(f, "Resume {}", stored.setup.call_sid),
            Self::Report { reported, reply: _ } => write!(f, "{reported:?}"),
            Self::Find { call, reply: _ } => write!(f, "Find {call}"),
            Self::MayRun { call, reply: _ } => write!(f, "MayRun {call}"),
            Self::List(_) => f.write_str("List"),
            Self::LetGo { .. } | Self::CutOff => write!(f, "{self:?}"),
            Self::RefuseNew | Self::Drain | Self::Joined(_) | Self::Alarm => {
                write!(f, "{self:?}")
            }
        }
    }
}
