//! Faults of the simulated Twilio in a scenario.

use practice::twilio::RestFault;
use serde::Deserialize;

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// No mark is echoed.
    pub loses_marks: bool,
    /// Faults of the first requests to hang up, in order.
    pub hang_ups: Vec<RequestTrouble>,
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
