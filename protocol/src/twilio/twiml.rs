//! TwiML documents: what a call does next. The verbs run in order, and the end of the document hangs up.
//! All text is escaped when it is written, so that no name or prompt can break a document.

mod stream_noun;
mod xml;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::PhoneNumber;

pub use stream_noun::StreamNoun;

/// The longest document that Twilio accepts, in bytes (error 11750).
const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// A URL fragment with Twilio's connection overrides: up to 5 retries after any failure, 3 s to connect.
/// A fragment is not signed.
pub const RETRY_OVERRIDES: &str = "#rc=5&rp=all&ct=3000";

/// A document: verbs in the order in which they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twiml(Vec<Verb>);

/// One step of a document. Twilio begins the next when it is done, unless it ends the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// `<Connect><Stream>`: opens a bidirectional media stream. The next verb runs when its socket has
    /// closed.
    Connect(StreamNoun),
    /// `<Play>`: plays an audio file.
    Play {
        /// Where Twilio fetches it.
        url: String,
    },
    /// `<Say>`: speaks a text.
    Say(Say),
    /// `<Redirect>`: continues with the document at another URL. No verb after it runs.
    Redirect {
        /// Requested by POST.
        url: String,
    },
    /// `<Hangup>`: ends the call, which was answered and is billed.
    Hangup,
    /// `<Reject>`: refuses the call without answering it. First verb only.
    Reject(RejectReason),
    /// `<Dial><Number>`: calls a person and connects the two.
    Dial(Dial),
}

/// What a rejected caller hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// That the number is not in service.
    Rejected,
    /// The busy tone.
    Busy,
}

/// A text with its voice. Voice and language have no default: Twilio skips the verb if the pair does not
/// exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// One of Twilio's voices, such as `Google.he-IL-Wavenet-A`.
    pub voice: String,
    /// BCP 47 tag of the language, such as `he-IL`.
    pub language: String,
    /// Plain text; XML's special characters are escaped when it is written.
    pub text: String,
}

/// A transfer to a person. The caller hears ringing until the person answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// The transfer number of the business.
    pub number: PhoneNumber,
    /// URL that Twilio requests when the transfer has ended, with its outcome.
    pub action: String,
    /// How long it rings at most, in seconds.
    pub timeout_secs: u16,
    /// The number that the person sees; `None`: the caller's own.
    pub caller_id: Option<PhoneNumber>,
}

/// How an apology is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Apology {
    /// Twilio's own text-to-speech: no session is needed.
    Say(Say),
    /// The business's recording.
    Play {
        /// Where Twilio fetches it.
        url: String,
    },
}

impl Twiml {
    /// A document with these verbs.
    #[must_use]
    pub fn new(verbs: Vec<Verb>) -> Self {
        Self(verbs)
    }

    /// Connects a call to its media stream. When the stream has ended, Twilio requests `resume_url`. A
    /// recording at `greeting_url` is played first (greeting mode `play`).
    #[must_use]
    pub fn connect_then_redirect(
        greeting_url: Option<String>,
        stream: StreamNoun,
        resume_url: String,
    ) -> Self {
        let greeting = greeting_url.map(|url| Verb::Play { url });
        let rest = [Verb::Connect(stream), Verb::Redirect { url: resume_url }];
        Self(greeting.into_iter().chain(rest).collect())
    }

    /// Goes on with the document at `url`.
    #[must_use]
    pub fn redirect(url: String) -> Self {
        Self(vec![Verb::Redirect { url }])
    }

    /// An apology, then the hang-up.
    #[must_use]
    pub fn apology(apology: Apology) -> Self {
        let spoken = match apology {
            Apology::Say(say) => Verb::Say(say),
            Apology::Play { url } => Verb::Play { url },
        };
        Self(vec![spoken, Verb::Hangup])
    }

    /// A transfer to a person. What follows is requested from [`Dial::action`].
    #[must_use]
    pub fn transfer(dial: Dial) -> Self {
        Self(vec![Verb::Dial(dial)])
    }

    /// Refuses a call without answering it; it is not billed.
    #[must_use]
    pub fn reject(reason: RejectReason) -> Self {
        Self(vec![Verb::Reject(reason)])
    }

    /// Ends a call.
    #[must_use]
    pub fn hangup() -> Self {
        Self(vec![Verb::Hangup])
    }

    /// What it does, in order.
    #[must_use]
    pub fn verbs(&self) -> &[Verb] {
        &self.0
    }

    /// The document as XML. Characters that XML 1.0 does not allow are left out, and so are control
    /// characters other than tab and line ends.
    ///
    /// # Errors
    /// [`TwimlError::TooLong`] if Twilio would refuse it.
    pub fn to_xml(&self) -> Result<String, TwimlError> {
        let document = xml::write(&self.0)?;
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(TwimlError::TooLong { bytes: document.len() });
        }
        Ok(document)
    }
}

/// Why Twilio would not accept a document.
#[derive(Debug, Error)]
pub enum TwimlError {
    /// Longer than 64 KiB.
    #[error("a document of {bytes} bytes; Twilio takes {MAX_DOCUMENT_BYTES}")]
    TooLong {
        /// Length of the document.
        bytes: usize,
    },
    /// The stream's URL has the wrong scheme (error 31922).
    #[error("a stream's address begins with wss:// (or ws:// to a local test), not {0:?}")]
    StreamScheme(String),
    /// The stream's URL has a query or a fragment, which Twilio drops before it connects.
    #[error("a stream's address has no query and no fragment: {0:?}")]
    StreamQuery(String),
    /// A `<Parameter>` is over Twilio's limit.
    #[error("the parameter {name:?} has {chars} characters with its name; Twilio takes under 500")]
    ParameterTooLong {
        /// The parameter's name, cut to 32 characters.
        name: String,
        /// Number of characters of name and value.
        chars: usize,
    },
    /// The XML writer has failed.
    #[error("the document could not be written: {0}")]
    Write(#[from] std::io::Error),
}

#[cfg(test)]
mod tests;
