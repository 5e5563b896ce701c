//! Scenes of a call: moments at which trouble meets something under way.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::simulate::trace::TracePoint;

/// Each begins at most once in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scene {
    /// The agent begins to speak for the first time.
    Greeting,
    /// The caller's first turn is taken in.
    Turn,
    /// What the agent says is cut for the first time.
    Interruption,
    /// The model asks for an appointment.
    Booking,
    /// The end of the call is decided, and its last line is not spoken yet.
    Closing,
}

/// When scenes began, by the call's place in the story.
#[derive(Debug, Clone, Default)]
pub struct Scenes {
    pub began: BTreeMap<(usize, Scene), Duration>,
    /// No caller is left: no further scene begins.
    pub are_over: bool,
}

impl Scene {
    /// The scene that begins at this point, or has begun before.
    pub(in crate::chaos) fn at(point: &TracePoint<'_>) -> Option<Self> {
        let message = point.message;
        match point.actor {
            "call" if is_taken(message, ": AgentBegan") => Some(Self::Greeting),
            "call" if is_taken(message, ": TurnCommitted") => Some(Self::Turn),
            "stream" if message.contains("\\\"clear\\\"") => Some(Self::Interruption),
            "introspection" if message.contains("\"create_appointment ") => Some(Self::Booking),
            "introspection" if message.contains("\\\"ending\\\":true") => Some(Self::Closing),
            "realtime" if is_taken(message, "line: Closing") => Some(Self::Closing),
            _ => None,
        }
    }
}

fn is_taken(message: &str, event: &str) -> bool {
    message.starts_with("takes ") && message.contains(event)
}
