//! Places and looks up calls.

use backon::Retryable;
use jiff::{SignedDuration, Timestamp};
use protocol::ids::CallSid;
use protocol::twilio::rest::{
    CallResource, NewOutbound, PlacingOutcome, RestError, placing_outcome, read_call, read_calls,
};
use thiserror::Error;

use super::{LONGEST_PAUSE, PATIENCE, TwilioRest};
use crate::http_client::with_query;

/// How far Twilio's clock may be behind ours.
pub(super) const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// Why a call counts as not placed.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum PlacingFault {
    /// Twilio refused the request: for good, or as too many during all tries.
    #[error("Twilio refused: {0}")]
    Refused(RestError),
    /// Twilio was unreachable during all tries.
    #[error("Twilio did not place the call: {0}")]
    NotPlaced(String),
    /// Twilio may have placed the call, and did not answer whether it has.
    #[error("Twilio may have placed the call: {0}")]
    Unknown(String),
}

/// What Twilio knows of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    Call(CallResource),
    /// There is no such call.
    Nothing,
}

/// Why a try did not place a call.
enum Attempt {
    /// Nothing was placed. Another try may help.
    Again(PlacingFault),
    /// Twilio may have placed the call.
    Unknown(String),
    Refused(RestError),
}

/// How a try, and the look at Twilio's list after it, ended.
enum Tried {
    /// Nothing was placed. Another try may help.
    Again(PlacingFault),
    Never(PlacingFault),
}

impl TwilioRest {
    /// Places a call and returns its id. `now` is the wall clock's time. If the result of a request is
    /// unknown, it is not repeated before Twilio's list of calls was read (CALL-7).
    ///
    /// # Errors
    /// [`PlacingFault`], after 30 s of tries or at once if a retry cannot help. A try that has begun is
    /// waited for: its answer says whether the call was placed.
    pub async fn place(&self, call: &NewOutbound, now: Timestamp) -> Result<CallSid, PlacingFault> {
        let mut time_is_up = std::pin::pin!(tokio::time::sleep(PATIENCE));
        let mut pauses = self.pauses();
        loop {
            let fault = match self.place_or_find(call, now).await {
                Ok(placed) => return Ok(placed),
                Err(Tried::Never(fault)) => return Err(fault),
                Err(Tried::Again(fault)) => fault,
            };
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            tracing::warn!(%fault, ?pause, "retrying to place a call");
            tokio::select! {
                biased;
                () = &mut time_is_up => return Err(fault),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// What Twilio knows of this call.
    ///
    /// # Errors
    /// The cause, as text, if Twilio did not answer.
    pub async fn look_up(&self, call: &CallSid) -> Result<Known, String> {
        let request = self.http.get(&self.url(&format!("Calls/{call}.json")));
        let (status, body) =
            self.answer(Some(call), request).await.map_err(|error| error.to_string())?;
        match status {
            200 => read_call(&body).map(Known::Call).ok_or("an answer that is no call".to_owned()),
            404 if RestError::read(status, &body).is_not_found() => Ok(Known::Nothing),
            _ => Err(RestError::read(status, &body).to_string()),
        }
    }

    /// Tries once. If the result is unknown, looks for the call in Twilio's list.
    async fn place_or_find(&self, call: &NewOutbound, began: Timestamp) -> Result<CallSid, Tried> {
        let why = match self.try_to_place(call).await {
            Ok(placed) => return Ok(placed),
            Err(Attempt::Refused(error)) => return Err(Tried::Never(PlacingFault::Refused(error))),
            Err(Attempt::Again(fault)) => return Err(Tried::Again(fault)),
            Err(Attempt::Unknown(why)) => why,
        };
        tracing::warn!(why, "a call may have been placed: reading Twilio's list");
        let made_since = |call: &CallResource| {
            call.created_at.is_some_and(|at| at + CLOCK_SKEW >= whole_second(began))
        };
        let look = || self.calls_between(call);
        let looking = look.retry(self.pauses());
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(Ok(calls)) => match calls.into_iter().find(made_since) {
                Some(placed) => Ok(placed.sid),
                None => Err(Tried::Again(PlacingFault::NotPlaced(why))),
            },
            Ok(Err(cause)) => Err(Tried::Never(PlacingFault::Unknown(cause))),
            Err(_) => Err(Tried::Never(PlacingFault::Unknown(why))),
        }
    }

    async fn try_to_place(&self, call: &NewOutbound) -> Result<CallSid, Attempt> {
        let request = self.http.post(&self.url("Calls.json")).form(&call.form());
        let (status, body) = self.answer(None, request).await.map_err(|error| {
            if error.was_never_sent() {
                Attempt::Again(PlacingFault::NotPlaced(error.to_string()))
            } else {
                Attempt::Unknown(error.to_string())
            }
        })?;
        match placing_outcome(status, &body) {
            PlacingOutcome::Placed(sid) => Ok(sid),
            PlacingOutcome::NotProcessed(error) => {
                Err(Attempt::Again(PlacingFault::Refused(error)))
            }
            PlacingOutcome::Unknown(error) => Err(Attempt::Unknown(error.to_string())),
            PlacingOutcome::Refused(error) => Err(Attempt::Refused(error)),
        }
    }

    /// The newest calls from the business to this person.
    async fn calls_between(&self, call: &NewOutbound) -> Result<Vec<CallResource>, String> {
        let query = [("To", call.to.as_str()), ("From", call.from.as_str()), ("PageSize", "20")];
        let request = self.http.get(&with_query(&self.url("Calls.json"), &query));
        let (status, body) = self.answer(None, request).await.map_err(|error| error.to_string())?;
        match status {
            200 => read_calls(&body).ok_or("an answer that is no list of calls".to_owned()),
            _ => Err(RestError::read(status, &body).to_string()),
        }
    }
}

/// Twilio reports in whole seconds when a call was placed.
pub(super) fn whole_second(at: Timestamp) -> Timestamp {
    let past = i64::from(at.subsec_nanosecond());
    at.checked_sub(SignedDuration::from_nanos(past.max(0))).unwrap_or(at)
}
