//! A TwiML document as the carrier runs it.

use std::time::Duration;

use crate::twilio::debugger::Violation;
use crate::twilio::target::Target;

/// A document that can run, and what is wrong with it nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) verbs: Vec<Verb>,
    pub(crate) violations: Vec<Violation>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verb {
    Say(Say),
    Play { url: Option<String>, digits: Option<String>, times: u32 },
    Pause(Duration),
    Redirect(Target),
    Reject(RejectReason),
    Hangup,
    Dial(Dial),
    Connect(Connect),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Say {
    pub(crate) text: String,
    pub(crate) voice: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) times: u32,
}

/// What a rejected caller hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// "Not in service"; the call's status is `no-answer`.
    Rejected,
    /// A busy tone; the call's status is `busy`.
    Busy,
}

/// A call to another number. The two are connected when it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dial {
    pub(crate) number: String,
    pub(crate) timeout: Duration,
    pub(crate) action: Option<Target>,
}

/// A bidirectional stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connect {
    pub(crate) action: Option<Target>,
    pub(crate) stream: Stream,
}

/// Where a stream's socket is opened, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) status_callback: Option<Target>,
}
