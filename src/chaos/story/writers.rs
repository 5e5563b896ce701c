//! People who write to a business, before, while and after they call it.

use std::time::Duration;

use practice::twilio::Attached;
use protocol::ids::PhoneNumber;

/// A person who writes to one business.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The index of the business.
    pub business: usize,
    pub number: PhoneNumber,
    /// Stands in what this person writes, and nowhere else.
    pub word: String,
    /// In the order in which they are written.
    pub notes: Vec<Note>,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Note {
    /// Since the run began.
    pub at: Duration,
    pub text: String,
    pub attached: Attached,
    pub arrives: Arrival,
}

/// How a message is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    Once,
    /// Once more, so long after.
    Again(Duration),
    /// By so many webhooks at once.
    AtOnce(usize),
}

impl Note {
    /// When its webhooks come.
    pub(in crate::chaos) fn deliveries(&self) -> Vec<Duration> {
        match self.arrives {
            Arrival::Once => vec![self.at],
            Arrival::Again(after) => vec![self.at, self.at + after],
            Arrival::AtOnce(count) => vec![self.at; count],
        }
    }
}
