//! CallSupervisor's messages.

use crate::introspection::ActorKind;

/// An actor of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Call,
    Realtime,
    TwilioIo,
    Lead,
}

#[derive(Debug)]
pub(crate) enum CallSupervisorMsg {
    /// Something waits in the inbox.
    Wake,
    /// A restart, a status line or a teardown is due.
    Alarm,
    /// The dead actor's tasks are joined. It may restart after its pause.
    Joined(Part),
    TakenDown,
}

impl Part {
    pub(super) fn kind(self) -> ActorKind {
        match self {
            Self::Call => ActorKind::Call,
            Self::Realtime => ActorKind::Realtime,
            Self::TwilioIo => ActorKind::TwilioIo,
            Self::Lead => ActorKind::Lead,
        }
    }
}
