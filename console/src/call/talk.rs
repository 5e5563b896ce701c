//! The conversation of a call, entry by entry.

use std::time::Duration;

/// A wait from which on a caller wonders whether anybody is there.
pub const SLOW: Duration = Duration::from_millis(1500);

/// Something in the conversation.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its place in the call.
    pub seq: u32,
    /// Since the call was answered.
    pub at: Duration,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    Caller {
        /// `None`: there is no transcript.
        words: Option<String>,
        length: Option<Duration>,
    },
    Agent {
        /// What the caller heard: up to the cut.
        words: Option<String>,
        heard: Option<Duration>,
        /// The caller interrupted.
        cut: bool,
        /// How long the caller waited for it.
        waited: Option<Duration>,
    },
    Tool(ToolUse),
    /// A note to the agent, a restart, keys pressed.
    Note(String),
}

/// A tool that the agent used.
#[derive(Debug, Clone)]
pub struct ToolUse {
    pub name: String,
    pub arguments: String,
    /// `None`: it had not answered when the call ended, or runs.
    pub output: Option<String>,
    pub took: Option<Duration>,
    /// The tool said no.
    pub refused: bool,
}

impl ToolUse {
    /// The key of what the tool does, in words.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self.name.as_str() {
            "update_lead_details" => "tool-update-lead-details",
            "find_available_slots" => "tool-find-available-slots",
            "create_appointment" => "tool-create-appointment",
            "reschedule_appointment" => "tool-reschedule-appointment",
            "cancel_appointment" => "tool-cancel-appointment",
            "call_control" => "tool-call-control",
            "transfer_call" => "tool-transfer-call",
            _ => "tool-other",
        }
    }

    /// JSON in lines; what is none stays as it is.
    pub(crate) fn pretty(text: &str) -> String {
        let value = serde_json::from_str::<serde_json::Value>(text).ok();
        let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
        pretty.unwrap_or_else(|| text.to_owned())
    }

    pub(crate) fn arguments_pretty(&self) -> String {
        Self::pretty(&self.arguments)
    }

    pub(crate) fn output_pretty(&self) -> Option<String> {
        self.output.as_deref().map(Self::pretty)
    }
}
