//! What the REST API asks for when it places a call.

use std::time::Duration;

use crate::twilio::line::Source;
use crate::twilio::target::Target;

/// What the REST API asked for when it placed a call.
#[derive(Debug)]
pub(crate) struct Placing {
    pub(crate) first: Source,
    /// The longest ringing.
    pub(crate) timeout: Duration,
    pub(crate) detection: Detection,
}

/// Whether and how answering machines are detected.
#[derive(Debug)]
pub(crate) enum Detection {
    None,
    /// The document is requested after the detection.
    Sync(Until),
    /// The document is requested at once. The target is requested after the detection.
    Async(Until, Option<Target>),
}

/// How long the detection listens to a machine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    Recognised,
    GreetingEnds,
}

impl Until {
    /// The value of `AnsweredBy` for a machine.
    pub(super) fn machine(self) -> &'static str {
        match self {
            Self::Recognised => "machine_start",
            Self::GreetingEnds => "machine_end_beep",
        }
    }
}
