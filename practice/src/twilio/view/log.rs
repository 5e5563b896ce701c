//! What was asked of the daemon, what was run, and what was heard.

use std::time::Duration;

use super::CallStatus;
use crate::speech::Fault;
use crate::twilio::twiml::RejectReason;

/// One request to the daemon, all its attempts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRun {
    /// What it was for.
    pub what: Webhook,
    /// Its address as it was written, fragment included.
    pub url: String,
    /// Attempts made.
    pub attempts: u32,
    /// The HTTP status of the last attempt, if it was answered.
    pub status: Option<u16>,
    /// From the first attempt to the last answer, wall time.
    pub took: Duration,
}

/// What a request to the daemon is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    /// A document to run.
    Document,
    /// A document to run after another one failed.
    Fallback,
    /// A file to play.
    Play,
    /// The call's status.
    Status(CallStatus),
    /// A stream's status.
    StreamStatus,
    /// The answering machine detection's result.
    Machine,
}

/// A verb that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerbRun {
    /// When it began.
    pub at: Duration,
    /// What was done.
    pub what: Done,
}

/// What a verb did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The carrier spoke.
    Said {
        /// The words.
        text: String,
        /// The voice, if one was named.
        voice: Option<String>,
        /// The language, if one was named.
        language: Option<String>,
    },
    /// The carrier played a file.
    Played {
        /// Its address.
        url: String,
        /// Its size in bytes, if it was there.
        bytes: Option<usize>,
    },
    /// The carrier played keys.
    PlayedDigits(String),
    /// Nothing, for a while.
    Paused(Duration),
    /// The document went on elsewhere.
    Redirected(String),
    /// The call was refused.
    Rejected(RejectReason),
    /// The document hung up.
    HungUp,
    /// Another number was called.
    Dialled {
        /// The number.
        number: String,
    },
    /// A stream was asked for.
    Connected {
        /// The address, as written.
        url: String,
    },
}

/// Something the daemon said on a stream, as far as it was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardSpeech {
    /// The words heard.
    pub text: String,
    /// What is wrong with it; an interrupted utterance is [`Fault::CutOff`].
    pub flaw: Option<Fault>,
    /// When it began.
    pub from: Duration,
    /// When it ended.
    pub to: Duration,
}
