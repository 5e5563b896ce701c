//! Faults of the simulated Twilio in a scenario.

use std::time::Duration;

use practice::twilio::{CallbackDelivery, RestFault, StreamFault};
use protocol::business::duration_text;
use serde::Deserialize;

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// No mark is echoed.
    pub loses_marks: bool,
    /// Faults of the first requests to hang up, in order.
    pub hang_ups: Vec<RequestTrouble>,
    /// What happens to status callbacks.
    pub callbacks: Callbacks,
    /// How the call's first media socket fails.
    pub stream: Option<StreamFails>,
    /// Faults of the first requests to send a message, in order.
    pub messages: Vec<RequestTrouble>,
    /// Error codes of the first deliveries, such as 63016. Twilio takes the message before it fails.
    pub failed_deliveries: Vec<u32>,
    /// The person has told Twilio to stop: every message is refused with 21610.
    pub opted_out: bool,
}

impl Twilio {
    /// Whether something is meant for the first request of all.
    pub(super) fn is_used_up(&self) -> bool {
        let faults = [&self.hang_ups, &self.messages];
        faults.iter().any(|of| !of.is_empty()) || !self.failed_deliveries.is_empty()
    }
}

/// What happens to status callbacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callbacks {
    #[default]
    Faithful,
    /// Each arrives this many more times.
    Duplicated(u32),
    /// Each arrives this much later.
    #[serde(with = "duration_text")]
    Delayed(Duration),
    /// None arrives.
    Lost,
    /// Each changes places with the next one.
    Swapped,
}

/// When and how a media socket fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamFails {
    /// Time since the socket opened.
    #[serde(with = "duration_text")]
    pub after: Duration,
    pub by: StreamTrouble,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamTrouble {
    /// A reset, without `stop` or a close frame.
    Cut,
    /// Nothing passes any more, and the socket stays open.
    BlackHole,
}

impl From<Callbacks> for CallbackDelivery {
    fn from(callbacks: Callbacks) -> Self {
        match callbacks {
            Callbacks::Faithful => Self::Faithful,
            Callbacks::Duplicated(times) => Self::Duplicated(times),
            Callbacks::Delayed(by) => Self::Delayed(by),
            Callbacks::Lost => Self::Lost,
            Callbacks::Swapped => Self::Swapped,
        }
    }
}

impl From<StreamTrouble> for StreamFault {
    fn from(trouble: StreamTrouble) -> Self {
        match trouble {
            StreamTrouble::Cut => Self::Cut,
            StreamTrouble::BlackHole => Self::BlackHole,
        }
    }
}

/// The fault of a request to the REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestTrouble {
    /// 429, and no effect.
    TooManyRequests,
    /// 500, and no effect.
    ServerError,
    /// It takes effect and is answered with 500. The next request finds the call over.
    DoneThenError,
    /// It takes effect and is never answered.
    DoneThenSilence,
}

impl From<RequestTrouble> for RestFault {
    fn from(trouble: RequestTrouble) -> Self {
        match trouble {
            RequestTrouble::TooManyRequests => Self::TooManyRequests,
            RequestTrouble::ServerError => Self::ServerError,
            RequestTrouble::DoneThenError => Self::AcceptedThenError,
            RequestTrouble::DoneThenSilence => Self::AcceptedThenSilence,
        }
    }
}
