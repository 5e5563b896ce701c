//! `[outbound]`: calls that the business places (CALL-7).

use serde::{Deserialize, Serialize};

/// Settings of calls that the business places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// What happens if an answering machine answers.
    pub machine_detection: MachineDetection,
    /// `leave_message`: the message; `None`: the language's default.
    pub machine_text: Option<String>,
}

/// Twilio's answering machine detection. With it a person who answers hears some seconds of silence,
/// until Twilio has decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineDetection {
    /// No detection: whoever answers counts as a person.
    #[default]
    Off,
    /// Hang up on a machine.
    HangUp,
    /// Wait for the end of the machine's greeting, and leave a message.
    LeaveMessage,
}
