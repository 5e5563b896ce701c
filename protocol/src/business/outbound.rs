//! Calls that the business places.

use serde::{Deserialize, Serialize};

/// The settings of calls that the business places (CALL-7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// What is done about answering machines.
    pub machine_detection: MachineDetection,
    /// What is said to one, with `leave_message`; the language's default where there is none.
    pub machine_text: Option<String>,
}

/// Whether a call that the business places looks out for answering machines. Looking costs the
/// person who answers some seconds of silence, for Twilio holds the call back until it knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineDetection {
    /// Whoever answers is taken for a person.
    #[default]
    Off,
    /// A machine is hung up on.
    HangUp,
    /// A machine's greeting is waited for, and it is left a message.
    LeaveMessage,
}
