//! What interrupts a document, and where documents come from.

use std::time::Duration;

use crate::twilio::debugger::TwilioError;
use crate::twilio::target::Target;

/// What interrupts a running document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// The person at the other end hung up.
    CallerHungUp,
    /// The REST API ended the call.
    Completed,
    /// The REST API replaced the document.
    Replaced(Source),
    /// The REST API limited the call to this line time since its answer.
    TimeLimit(Duration),
}

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Webhook(Target),
    Inline(String),
    /// The fallback, in place of a file at this address that could not be played.
    Fallback(TwilioError, String),
}

impl Source {
    /// A webhook that is requested by POST.
    pub(crate) fn post(url: &str) -> Self {
        Self::Webhook(Target::post(url))
    }
}
