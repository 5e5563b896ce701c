//! Placing and looking up calls.

use backon::Retryable;
use jiff::{SignedDuration, Timestamp};
use protocol::ids::CallSid;
use protocol::twilio::rest::{
    ApiError, CallResource, NewOutbound, PlacingOutcome, placing_outcome, read_call, read_calls,
};
use thiserror::Error;

use super::{PATIENCE, TwilioRest, full_jitter};
use crate::http_client::with_query;

/// How far Twilio's clock may be behind ours when a call in its list is looked at.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(2);

/// A call was not placed, as far as is known.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum PlacingFault {
    /// Twilio refused it: it was not placed, and never will be as it was asked.
    #[error("Twilio refused: {0}")]
    Refused(ApiError),
    /// It was not placed: Twilio could not be reached, or was too busy, for as long as it was tried.
    #[error("Twilio did not take the call: {0}")]
    NotPlaced(String),
    /// Twilio may have placed it, and could not be asked.
    #[error("Twilio may have placed the call or not: {0}")]
    Unknown(String),
}

/// What Twilio knows of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// This.
    Call(CallResource),
    /// Nothing: there is no such call.
    Nothing,
}

/// Why a try at placing a call was none.
enum Attempt {
    /// It did not reach Twilio, or Twilio did not look at it.
    NotProcessed(String),
    /// Nobody knows.
    Unknown(String),
    Refused(ApiError),
}

impl TwilioRest {
    /// Places a call, and says which it is. `now` is the wall clock's. A request whose fate is not
    /// known is never sent again before Twilio's list of calls was looked at (CALL-7).
    ///
    /// # Errors
    /// [`PlacingFault`], after 30 s of trying or at once if trying again can't help.
    pub async fn place(&self, call: &NewOutbound, now: Timestamp) -> Result<CallSid, PlacingFault> {
        let tries = (|| self.place_or_find(call, now))
            .retry(full_jitter(rand::random))
            .when(|fault| matches!(fault, PlacingFault::NotPlaced(_)))
            .notify(|fault, pause| tracing::warn!(%fault, ?pause, "Twilio: trying again"));
        match tokio::time::timeout(PATIENCE, tries).await {
            Ok(placed) => placed,
            // The last request may have been on its way.
            Err(_) => Err(PlacingFault::Unknown(format!("no answer within {PATIENCE:?}"))),
        }
    }

    /// What Twilio knows of this call.
    ///
    /// # Errors
    /// The cause, in words, if Twilio did not say.
    pub async fn look_up(&self, call: &CallSid) -> Result<Known, String> {
        let request = self.http.get(&self.url(&format!("Calls/{call}.json")));
        let (status, body) = self.answer(request).await.map_err(|error| error.to_string())?;
        match status {
            200 => read_call(&body).map(Known::Call).ok_or("an answer that is no call".to_owned()),
            404 if ApiError::read(status, &body).code == Some(20404) => Ok(Known::Nothing),
            _ => Err(ApiError::read(status, &body).to_string()),
        }
    }

    /// Tries once, and if nobody knows what became of it looks into the list.
    async fn place_or_find(
        &self,
        call: &NewOutbound,
        began: Timestamp,
    ) -> Result<CallSid, PlacingFault> {
        let why = match self.try_to_place(call).await {
            Ok(placed) => return Ok(placed),
            Err(Attempt::Refused(error)) => return Err(PlacingFault::Refused(error)),
            Err(Attempt::NotProcessed(why)) => return Err(PlacingFault::NotPlaced(why)),
            Err(Attempt::Unknown(why)) => why,
        };
        tracing::warn!(why, "a call may have been placed: looking into Twilio's list");
        let made_since = |call: &CallResource| {
            call.created_at.is_some_and(|at| at + CLOCKS_DIFFER >= whole_second(began))
        };
        let look = || self.calls_between(call);
        let found = look.retry(full_jitter(rand::random)).await;
        match found {
            Ok(calls) => match calls.into_iter().find(made_since) {
                Some(placed) => Ok(placed.sid),
                None => Err(PlacingFault::NotPlaced(why)),
            },
            Err(cause) => Err(PlacingFault::Unknown(cause)),
        }
    }

    async fn try_to_place(&self, call: &NewOutbound) -> Result<CallSid, Attempt> {
        let request = self.http.post(&self.url("Calls.json")).form(&call.form());
        let (status, body) = self.answer(request).await.map_err(|error| {
            if error.was_never_sent() {
                Attempt::NotProcessed(error.to_string())
            } else {
                Attempt::Unknown(error.to_string())
            }
        })?;
        match placing_outcome(status, &body) {
            PlacingOutcome::Placed(sid) => Ok(sid),
            PlacingOutcome::NotProcessed(error) => Err(Attempt::NotProcessed(error.to_string())),
            PlacingOutcome::Unknown(error) => Err(Attempt::Unknown(error.to_string())),
            PlacingOutcome::Refused(error) => Err(Attempt::Refused(error)),
        }
    }

    /// The newest calls from the business to this person.
    async fn calls_between(&self, call: &NewOutbound) -> Result<Vec<CallResource>, String> {
        let query = [("To", call.to.as_str()), ("From", call.from.as_str()), ("PageSize", "20")];
        let request = self.http.get(&with_query(&self.url("Calls.json"), &query));
        let (status, body) = self.answer(request).await.map_err(|error| error.to_string())?;
        match status {
            200 => read_calls(&body).ok_or("an answer that is no list of calls".to_owned()),
            _ => Err(ApiError::read(status, &body).to_string()),
        }
    }
}

/// Twilio tells when a call was made in whole seconds.
fn whole_second(at: Timestamp) -> Timestamp {
    let past = i64::from(at.subsec_nanosecond());
    at.checked_sub(SignedDuration::from_nanos(past.max(0))).unwrap_or(at)
}
