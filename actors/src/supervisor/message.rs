//! The root's messages.

use protocol::call::CallSetup;
use protocol::ids::CallSid;
use ractor::RpcReplyPort;
use thiserror::Error;

use crate::call_supervisor::CallHandle;
use crate::introspection::ActorKind;

/// An actor that all calls share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedPart {
    /// JournalActor.
    Journal,
    /// CalendarActor.
    Calendar,
    /// MessagingActor.
    Messaging,
}

impl SharedPart {
    pub(super) fn kind(self) -> ActorKind {
        match self {
            Self::Journal => ActorKind::Journal,
            Self::Calendar => ActorKind::Calendar,
            Self::Messaging => ActorKind::Messaging,
        }
    }
}

/// Why a call was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CallRefused {
    /// There are as many calls as there may be (RES-7).
    #[error("there are as many calls as there may be")]
    Full,
    /// The daemon is about to stop (RES-6).
    #[error("the daemon takes no new calls")]
    Draining,
    /// The root did not answer, or the tree could not be made.
    #[error("the call could not be started")]
    Failed,
}

/// The root's messages.
#[derive(Debug)]
pub enum SupervisorMsg {
    /// A webhook wants a call: a new one, or the one that is there already (CALL-9).
    Start {
        /// The facts of the call.
        setup: Box<CallSetup>,
        /// Where the answer goes.
        reply: RpcReplyPort<Result<CallHandle, CallRefused>>,
    },
    /// Somebody wants a living call.
    Find {
        /// Which.
        call: CallSid,
        /// Where the answer goes.
        reply: RpcReplyPort<Option<CallHandle>>,
    },
    /// Somebody wants all living calls.
    List(RpcReplyPort<Vec<CallHandle>>),
    /// No new calls; the running ones are to end politely.
    Drain,
    /// What a shared actor left behind has been joined.
    Joined(SharedPart),
    /// A restart is due.
    Alarm,
}
