//! The client of Twilio's REST API: hangs up, redirects, places (`placing`) and looks up calls, and sends
//! messages (`messaging`).

mod messaging;
mod placing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use protocol::ids::{AccountSid, CallSid};
use protocol::twilio::rest::{HangupOutcome, RestError, hangup_outcome};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::chance::Chance;
use crate::dialer::Dialer;
use crate::http_client::{Connections, HttpClient, HttpError, Request};
use crate::trace;

pub use messaging::{SendFault, Sending};
pub use placing::{Known, PlacingFault};

/// How long one request may take.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// How long all tries together may take. CallSupervisor waits as long.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How much of an answer is read, in bytes. A call's resource takes about 2 KiB, a message's up to 12 KiB.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// A request to Twilio failed, and all retries too.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum TwilioFault {
    #[error("Twilio refused: {0}")]
    Refused(RestError),
    /// Twilio was unreachable or too busy during all tries.
    #[error("Twilio cannot be reached: {0}")]
    Unreachable(String),
    /// There is no such document.
    #[error("{0}")]
    Document(String),
}

/// The result of a request about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// The call is not in progress yet, or no longer.
    NotInProgress,
}

/// The client for one account. Cheap to clone. Its debug output does not show the token.
#[derive(Debug, Clone)]
pub struct TwilioRest {
    http: HttpClient,
    api_url: String,
    account: AccountSid,
    auth_token: SecretString,
    chance: Chance,
}

#[derive(Debug, Error)]
enum Attempt {
    #[error("{0}")]
    Again(String),
    #[error(transparent)]
    Never(RestError),
}

impl TwilioRest {
    #[must_use]
    pub fn new(
        dialer: Arc<dyn Dialer>,
        connections: Connections,
        api_url: &str,
        account: AccountSid,
        auth_token: SecretString,
        chance: Chance,
    ) -> Self {
        let http = HttpClient::new(dialer, connections, REQUEST_PATIENCE, MAX_BODY_BYTES);
        let api_url = api_url.trim_end_matches('/').to_owned();
        Self { http, api_url, account, auth_token, chance }
    }

    /// Ends a call (CALL-6). A call that is not in progress needs no hang-up.
    ///
    /// # Errors
    /// [`TwilioFault`] after 30 s of tries, or at once if a retry cannot help.
    pub async fn hang_up(&self, call: &CallSid) -> Result<Answer, TwilioFault> {
        self.update(call, [("Status", "completed")]).await
    }

    /// Makes Twilio run other TwiML for a call.
    ///
    /// # Errors
    /// As [`hang_up`](Self::hang_up).
    pub async fn redirect(&self, call: &CallSid, twiml: &str) -> Result<Answer, TwilioFault> {
        self.update(call, [("Twiml", twiml)]).await
    }

    async fn update(&self, call: &CallSid, form: [(&str, &str); 1]) -> Result<Answer, TwilioFault> {
        let url = self.url(&format!("Calls/{call}.json"));
        let tries = (|| self.attempt(call, &url, form))
            .retry(self.pauses())
            .when(|attempt| matches!(attempt, Attempt::Again(_)))
            .notify(
                |attempt, pause| tracing::warn!(%call, %attempt, ?pause, "retrying a request to Twilio"),
            );
        match tokio::time::timeout(PATIENCE, tries).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Attempt::Never(error))) => Err(TwilioFault::Refused(error)),
            Ok(Err(Attempt::Again(why))) => Err(TwilioFault::Unreachable(why)),
            Err(_) => Err(TwilioFault::Unreachable(format!("no answer within {PATIENCE:?}"))),
        }
    }

    async fn attempt(
        &self,
        call: &CallSid,
        url: &str,
        form: [(&str, &str); 1],
    ) -> Result<Answer, Attempt> {
        let request = self.http.post(url).form(&form);
        let answer = self.answer(Some(call), request).await;
        let (status, body) = answer.map_err(|error| Attempt::Again(error.to_string()))?;
        match hangup_outcome(status, &body) {
            HangupOutcome::Done => Ok(Answer::Done),
            HangupOutcome::NotInProgress => Ok(Answer::NotInProgress),
            HangupOutcome::Retry(error) => Err(Attempt::Again(error.to_string())),
            HangupOutcome::Fatal(error) => Err(Attempt::Never(error)),
        }
    }

    /// The pauses between tries.
    fn pauses(&self) -> impl Iterator<Item = Duration> + Send + Sync + Unpin + use<> {
        let chance = self.chance.clone();
        full_jitter(move || chance.jitter())
    }

    fn url(&self, resource: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{resource}", self.api_url, self.account)
    }

    /// Sends a request with the account's credentials. Returns the HTTP status and the body.
    async fn answer(
        &self,
        call: Option<&CallSid>,
        request: Request<'_>,
    ) -> Result<(u16, String), HttpError> {
        let call = call.map_or("", CallSid::as_str);
        trace::point(call, "twilio_rest", format_args!("{request}"));
        let token = self.auth_token.expose_secret();
        let answer = request.basic_auth(self.account.as_str(), token).send().await;
        match &answer {
            Ok(answer) => trace::point(call, "twilio_rest", format_args!("{}", answer.status)),
            Err(error) => trace::point(call, "twilio_rest", format_args!("no answer: {error}")),
        }
        let answer = answer?;
        Ok((answer.status.as_u16(), answer.text()))
    }
}

/// The pauses between tries: a random part, from `chance` (0 to 1), of 250 ms, 500 ms, … up to 4 s.
/// So the requests of many calls do not retry at the same moment.
fn full_jitter(
    mut chance: impl FnMut() -> f64 + Send + Sync + Unpin,
) -> impl Iterator<Item = Duration> + Send + Sync + Unpin {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(20)
        .build()
        .map(move |longest| longest.mul_f64(chance().clamp(0.0, 1.0)))
}
