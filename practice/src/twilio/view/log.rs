//! The log of a call: requests to the daemon, verbs that ran, speech that was heard.

use std::time::Duration;

use super::status::CallStatus;
use crate::speech::Fault;
use crate::twilio::twiml::RejectReason;

/// One request to the daemon with all its attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRun {
    pub what: Webhook,
    /// The address as written, fragment included.
    pub url: String,
    pub attempts: u32,
    /// The HTTP status of the last attempt; `None` if there was no answer.
    pub status: Option<u16>,
    /// Wall time from the first attempt to the last answer.
    pub took: Duration,
}

/// What a request to the daemon is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    /// A document to run.
    Document,
    /// A document to run in place of one that failed.
    Fallback,
    /// A file for `<Play>`.
    Play,
    /// A call's status callback.
    Status(CallStatus),
    /// A stream's status callback.
    StreamStatus,
    /// The result of answering machine detection.
    Machine,
}

/// A verb that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerbRun {
    pub at: Duration,
    pub what: Done,
}

/// What a verb did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// `<Say>`.
    Said { text: String, voice: Option<String>, language: Option<String> },
    /// `<Play>` of a file.
    Played {
        url: String,
        /// The file's size; `None` if it could not be fetched.
        bytes: Option<usize>,
    },
    /// `<Play>` of keys.
    PlayedDigits(String),
    /// `<Pause>`.
    Paused(Duration),
    /// `<Redirect>` to this address.
    Redirected(String),
    /// `<Reject>`.
    Rejected(RejectReason),
    /// `<Hangup>`.
    HungUp,
    /// `<Dial>`.
    Dialled { number: String },
    /// `<Connect>` with a stream to this address.
    Connected { url: String },
}

/// Speech of the daemon on a stream, as far as it was played. Times are line time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardSpeech {
    pub text: String,
    /// What is wrong with it. An interrupted utterance is [`Fault::CutOff`].
    pub flaw: Option<Fault>,
    pub from: Duration,
    pub to: Duration,
}
