//! The call supervisor's messages.

use crate::introspection::ActorKind;

/// A part of a call that is an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// CallActor.
    Call,
    /// RealtimeActor.
    Realtime,
    /// TwilioIoActor.
    TwilioIo,
    /// LeadActor.
    Lead,
}

/// The call supervisor's messages.
#[derive(Debug)]
pub enum CallSupervisorMsg {
    /// Something waits in the inbox.
    Wake,
    /// A restart or a status line is due.
    Alarm,
    /// What a part left behind is joined: it may start again when its pause is over.
    Joined(Part),
    /// Everything of the call is down.
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
