//! The kinds of actors.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    Supervisor,
    Calendar,
    Messaging,
    Outbox,
    Journal,
    CallSupervisor,
    Call,
    TwilioIo,
    Realtime,
    Lead,
}

impl ActorKind {
    pub const ALL: [Self; 10] = [
        Self::Supervisor,
        Self::Calendar,
        Self::Messaging,
        Self::Outbox,
        Self::Journal,
        Self::CallSupervisor,
        Self::Call,
        Self::TwilioIo,
        Self::Realtime,
        Self::Lead,
    ];

    /// The name in introspection, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Calendar => "calendar",
            Self::Messaging => "messaging",
            Self::Outbox => "outbox",
            Self::Journal => "journal",
            Self::CallSupervisor => "call_supervisor",
            Self::Call => "call",
            Self::TwilioIo => "twilio_io",
            Self::Realtime => "realtime",
            Self::Lead => "lead",
        }
    }

    /// Whether it is one of the four actors of a call.
    #[must_use]
    pub fn is_part_of_call(self) -> bool {
        match self {
            Self::Call | Self::TwilioIo | Self::Realtime | Self::Lead => true,
            Self::Supervisor
            | Self::Calendar
            | Self::Messaging
            | Self::Outbox
            | Self::Journal
            | Self::CallSupervisor => false,
        }
    }
}
