//! What can go wrong with a response, a turn, a function call, a link or a connection.

use std::time::Duration;

/// The fault of one response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ResponseFault {
    /// No fault. Used to reach a later response.
    #[default]
    None,
    /// `response.done` has the status `failed` with this error, and there is no output.
    Failed {
        /// `status_details.error.type`.
        kind: String,
        /// `status_details.error.code`; `None` is `null`.
        code: Option<String>,
        /// `status_details.error.message`; left out if `None`.
        message: Option<String>,
    },
    /// `response.done` has the status `incomplete`.
    Incomplete {
        /// `max_output_tokens` or `content_filter`.
        reason: String,
        /// Length of the audio before the cut. With zero there is no output at all, as when all tokens
        /// were spent on reasoning.
        after: Duration,
    },
    /// An `error` event instead of a response.
    Error {
        /// `error.type`.
        kind: String,
        /// `error.code`; `None` is `null`.
        code: Option<String>,
        /// `error.message`.
        message: String,
    },
    /// A `server_error` that names no event comes at once, and the response all the same, so much later than
    /// usual. Until it is done, no other can be asked for.
    ErrorFirst(Duration),
    /// The words come as text, although audio was asked for.
    TextOnly,
    /// The response completes without output.
    Empty,
    /// `response.created` never comes; the rest does.
    NeverCreated,
    /// `response.created` comes this much later.
    CreatedLate(Duration),
    /// `response.done` comes this much later than the rest. Until then the response is active, also after
    /// a cancel.
    DoneLate(Duration),
    /// Nothing comes after `response.created`.
    StalledAfterCreated,
    /// Nothing comes after about this much audio.
    StalledAfter(Duration),
    /// The session's link fails.
    Lost {
        /// After about this much audio. `None` is at once, before `response.created`.
        after: Option<Duration>,
        by: LinkFault,
    },
}

impl ResponseFault {
    /// The server fails, and no response follows.
    #[must_use]
    pub fn server_error() -> Self {
        let (kind, message) = ("server_error".to_owned(), SERVER_ERROR.to_owned());
        Self::Error { kind, code: None, message }
    }

    /// The response fails for an account without quota.
    #[must_use]
    pub fn no_quota() -> Self {
        let quota = "insufficient_quota".to_owned();
        Self::Failed { kind: quota.clone(), code: Some(quota), message: Some(NO_QUOTA.to_owned()) }
    }
}

/// The API's words for a fault of its own.
pub(crate) const SERVER_ERROR: &str = "The server had an error while processing your request.";

/// The API's words for an account without quota.
pub(crate) const NO_QUOTA: &str =
    "You exceeded your current quota, please check your plan and billing details.";

/// The fault of one turn of the caller, as the server detects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpeechFault {
    /// No fault. Used to reach a later turn.
    #[default]
    None,
    /// `speech_started` comes and nothing after it, as with a television in the room. A client's commit or
    /// clear ends it.
    NeverStops,
    /// `committed` comes without `speech_stopped`.
    CommittedUnstopped,
}

/// The fault of a function call's arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ArgumentsFault {
    #[default]
    None,
    /// They are cut off, so they are not JSON.
    CutOff,
    /// They are JSON in a JSON string.
    DoubleEncoded,
    /// This text follows them, such as a special token of the model.
    FollowedBy(String),
    /// This text stands in their place, such as `null`, `[]` or nothing.
    ReplacedBy(String),
}

/// How the link of a session fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFault {
    /// A close frame with this code, such as 1000, 1001 or 1011, without an error before it.
    Closed(u16),
    /// The connection ends without a close frame.
    Dropped,
    /// Nothing passes any more, in both directions. The connection stays open.
    BlackHole,
    /// Nothing passes for this long. Then all that waited comes at once.
    Stalled(Duration),
}

/// How a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectRefusal {
    /// The upgrade is answered with this HTTP status, such as 401, 429, 500 or 503.
    Http(u16),
    /// `invalid_api_key`, CLOSE 3000.
    BadKey,
    /// `insufficient_quota`, CLOSE 4000.
    NoQuota,
    /// `model_not_found`, CLOSE 4004.
    NoSuchModel,
    /// A `server_error` without a code, then CLOSE 1011.
    ServerError,
}
