//! Enumerated fields of forms about a call.

use serde::{Deserialize, Serialize};

use super::wire_enum::wire_enum;

wire_enum! {
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

wire_enum! {
    /// The form field `Direction`: the kind of a call's leg.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub(super) enum Leg {
        /// A call to one of the account's numbers.
        Inbound = "inbound",
        /// Placed by the REST API.
        OutboundApi = "outbound-api",
        /// Placed by a `<Dial>` in another call. It has a CallSid of its own.
        OutboundDial = "outbound-dial",
    }
}

impl Leg {
    /// The direction of the leg's call.
    pub(super) fn direction(self) -> Direction {
        match self {
            Self::Inbound => Direction::Inbound,
            Self::OutboundApi | Self::OutboundDial => Direction::Outbound,
        }
    }
}

wire_enum! {
    /// The form field `CallStatus`, and `status` of a call in the REST API.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum CallStatus {
        /// Accepted by the REST API.
        Queued = "queued",
        /// Dialling.
        Initiated = "initiated",
        /// Ringing.
        Ringing = "ringing",
        /// Answered; not over.
        InProgress = "in-progress",
        /// Answered; over.
        Completed = "completed",
        /// Not answered: busy.
        Busy = "busy",
        /// Not answered in time.
        NoAnswer = "no-answer",
        /// Could not be connected.
        Failed = "failed",
        /// Cancelled by the REST API before it was answered.
        Canceled = "canceled",
    }
}

impl CallStatus {
    /// Whether the call is over. No status follows a terminal one.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
        }
    }
}

wire_enum! {
    /// The form field `AnsweredBy`: the result of answering machine detection.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum AnsweredBy {
        /// A person.
        Human = "human",
        /// A machine that still plays its greeting.
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
    /// Whether it is an answering machine or a fax. Undecided counts as a person.
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
