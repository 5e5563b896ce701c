//! The simulated Twilio of a scenario: what goes wrong there.

use serde::Deserialize;

use practice::twilio::RestFault;

/// How Twilio differs from itself on a good day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// No mark ever comes back.
    pub loses_marks: bool,
    /// What becomes of the first requests to hang up, in order.
    pub hang_ups: Vec<RequestTrouble>,
}

/// What becomes of a request to the REST API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestTrouble {
    /// 429: nothing is done.
    TooManyRequests,
    /// 500: nothing is done.
    ServerError,
    /// It is done, and answered with 500: the next finds the call no longer in progress.
    DoneThenError,
    /// It is done, and never answered.
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
