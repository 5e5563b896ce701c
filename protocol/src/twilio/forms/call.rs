//! The words a form describes a call with.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// Who called whom. Set once per call, from its first webhook (CALL-3).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Direction {
        /// The person called the business.
        Inbound = "inbound",
        /// The business called the person.
        Outbound = "outbound",
    }
}

words! {
    /// The kind of a call's leg, as `Direction` says it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Leg {
        /// Someone called one of the account's numbers.
        Inbound = "inbound",
        /// Placed over REST.
        OutboundApi = "outbound-api",
        /// Placed by a `<Dial>` within another call; it has a CallSid of its own.
        OutboundDial = "outbound-dial",
    }
}

impl Leg {
    /// The direction of the leg's call.
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Inbound => Direction::Inbound,
            Self::OutboundApi | Self::OutboundDial => Direction::Outbound,
        }
    }
}

words! {
    /// How far a call has come.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum CallStatus {
        /// Accepted by the REST API; nothing has happened yet.
        Queued = "queued",
        /// Being placed.
        Initiated = "initiated",
        /// Ringing.
        Ringing = "ringing",
        /// Answered and going on.
        InProgress = "in-progress",
        /// Was answered and has ended.
        Completed = "completed",
        /// The other end was busy.
        Busy = "busy",
        /// Nobody answered in time.
        NoAnswer = "no-answer",
        /// Could not be placed.
        Failed = "failed",
        /// Taken back before it was answered.
        Canceled = "canceled",
    }
}

impl CallStatus {
    /// Whether the call is over: no status follows.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
        }
    }
}

words! {
    /// What answering machine detection decided.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum AnsweredBy {
        /// A person.
        Human = "human",
        /// A machine, still speaking its greeting.
        MachineStart = "machine_start",
        /// A machine, after its beep.
        MachineEndBeep = "machine_end_beep",
        /// A machine, silent after its greeting.
        MachineEndSilence = "machine_end_silence",
        /// A machine whose greeting ended in some other way.
        MachineEndOther = "machine_end_other",
        /// A fax.
        Fax = "fax",
        /// Undecided within the time allowed.
        Unknown = "unknown",
    }
}

impl AnsweredBy {
    /// Whether nobody listens: an answering machine or a fax. In doubt it is a person.
    #[must_use]
    pub fn is_machine(self) -> bool {
        match self {
            Self::MachineStart
            | Self::MachineEndBeep
            | Self::MachineEndSilence
            | Self::MachineEndOther
            | Self::Fax => true,
            Self::Human | Self::Unknown => false,
        }
    }
}
