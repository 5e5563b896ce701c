//! TwiML as a type: what a call does next. Texts are escaped where they are written, so that no
//! name or prompt can break the document; verbs run from first to last, and the end hangs up.

mod stream_noun;
mod xml;

use thiserror::Error;

use crate::ids::PhoneNumber;

pub use stream_noun::StreamNoun;

/// The longest document Twilio takes, in bytes (error 11750).
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// An address ending in this is asked up to five times more when it fails in whatever way, with
/// 3 s to connect. A fragment is no part of the signed address.
pub const RETRY_OVERRIDES: &str = "#rc=5&rp=all&ct=3000";

/// A document: verbs in the order they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twiml(Vec<Verb>);

/// One thing a call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Opens a bidirectional media stream, and goes on when its socket has closed.
    Connect(StreamNoun),
    /// Plays a file.
    Play {
        /// Where Twilio fetches it.
        url: String,
    },
    /// Speaks a text.
    Say(Say),
    /// Goes on with the document at another address. Nothing after it runs.
    Redirect {
        /// The address, asked by POST.
        url: String,
    },
    /// Hangs up. The call was answered and is billed.
    Hangup,
    /// Refuses the call without answering it, as the first verb only.
    Reject,
    /// Calls a person and joins the two.
    Dial(Dial),
}

/// A text and who speaks it. Voice and language have no default: a pair that does not exist makes
/// Twilio skip the verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// One of Twilio's voices, such as `Google.he-IL-Wavenet-A`.
    pub voice: String,
    /// The text's language as a BCP 47 tag, such as `he-IL`.
    pub language: String,
    /// What is said.
    pub text: String,
}

/// A transfer to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// Who is called.
    pub number: PhoneNumber,
    /// Where Twilio asks what comes next, with the outcome, however the transfer ends.
    pub action: String,
    /// How long it rings, in seconds.
    pub timeout_secs: u16,
    /// The number the person sees; none is the caller's own.
    pub caller_id: Option<PhoneNumber>,
    /// Whether the caller hears ringing until the person has answered.
    pub answer_on_bridge: bool,
}

/// The apology of a daemon that cannot take a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Apology {
    /// Spoken by Twilio.
    Say(Say),
    /// Recorded.
    Play {
        /// Where Twilio fetches it.
        url: String,
    },
}

impl Twiml {
    /// A document of any verbs.
    #[must_use]
    pub fn new(verbs: Vec<Verb>) -> Self {
        Self(verbs)
    }

    /// The answer to a call that is taken: the stream, and when that has ended in whatever way, the
    /// call comes back to `resume_url`. `greeting_url` is played before, in greeting mode `play`.
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

    /// An apology, then the end of the call.
    #[must_use]
    pub fn apology(apology: Apology) -> Self {
        let spoken = match apology {
            Apology::Say(say) => Verb::Say(say),
            Apology::Play { url } => Verb::Play { url },
        };
        Self(vec![spoken, Verb::Hangup])
    }

    /// A transfer to a person. What follows it is asked from the action.
    #[must_use]
    pub fn transfer(dial: Dial) -> Self {
        Self(vec![Verb::Dial(dial)])
    }

    /// A call that is not taken, and not billed.
    #[must_use]
    pub fn reject() -> Self {
        Self(vec![Verb::Reject])
    }

    /// The end of a call.
    #[must_use]
    pub fn hangup() -> Self {
        Self(vec![Verb::Hangup])
    }

    /// The verbs, from first to last.
    #[must_use]
    pub fn verbs(&self) -> &[Verb] {
        &self.0
    }

    /// The document as Twilio takes it. Characters that XML cannot hold, and control characters
    /// but tab and line ends, are dropped.
    ///
    /// # Errors
    /// [`TwimlError::TooLong`] when Twilio would refuse it.
    pub fn to_xml(&self) -> Result<String, TwimlError> {
        let document = xml::write(&self.0)?;
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(TwimlError::TooLong { bytes: document.len() });
        }
        Ok(document)
    }
}

/// A document that Twilio would not take.
#[derive(Debug, Error)]
pub enum TwimlError {
    /// Over [`MAX_DOCUMENT_BYTES`].
    #[error("a document of {bytes} bytes; Twilio takes {MAX_DOCUMENT_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A stream's address of the wrong scheme (error 31922).
    #[error("a stream's address begins with wss:// (or ws:// to a local test), not {0:?}")]
    StreamScheme(String),
    /// A stream's address with a query or a fragment, which Twilio drops before it dials.
    #[error("a stream's address has no query and no fragment: {0:?}")]
    StreamQuery(String),
    /// A stream's parameter over Twilio's limit.
    #[error("the parameter {name:?} has {chars} characters with its name; Twilio takes under 500")]
    ParameterTooLong {
        /// The parameter's name, cut.
        name: String,
        /// The characters of name and value.
        chars: usize,
    },
    /// The document could not be written.
    #[error("the document could not be written: {0}")]
    Write(#[from] std::io::Error),
}

#[cfg(test)]
mod tests;
