//! Twilio's REST API, as far as a call needs it: ending a call and giving it another document.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use protocol::ids::{AccountSid, CallSid};
use protocol::twilio::rest::{ApiError, HangupOutcome, hangup_outcome};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// How long one request may take.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// How long all tries together may take (HOUSE: the supervisor waits 30 s).
const PATIENCE: Duration = Duration::from_secs(30);

/// A request to Twilio failed for good.
#[derive(Debug, Error)]
pub enum TwilioFault {
    /// Twilio refused it.
    #[error("Twilio refused: {0}")]
    Refused(ApiError),
    /// Twilio could not be reached, or was too busy, for as long as it was tried.
    #[error("Twilio could not be reached: {0}")]
    Unreachable(String),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// The call is not in progress (any more).
    NotInProgress,
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct TwilioRest {
    http: reqwest::Client,
    api_url: String,
    account: AccountSid,
    auth_token: SecretString,
}

enum Attempt {
    Again(String),
    Never(ApiError),
}

impl TwilioRest {
    /// A client for one account.
    #[must_use]
    pub fn new(
        http: reqwest::Client,
        api_url: &str,
        account: AccountSid,
        auth_token: SecretString,
    ) -> Self {
        Self { http, api_url: api_url.trim_end_matches('/').to_owned(), account, auth_token }
    }

    /// Ends a call (CALL-6). "Not in progress" is as good as done.
    ///
    /// # Errors
    /// [`TwilioFault`] after 30 s of trying, or at once if trying again can't help.
    pub async fn hang_up(&self, call: &CallSid) -> Result<Answer, TwilioFault> {
        self.update(call, [("Status", "completed")]).await
    }

    /// Gives a call another document, in place of the one it is at.
    ///
    /// # Errors
    /// As [`hang_up`](Self::hang_up).
    pub async fn redirect(&self, call: &CallSid, twiml: &str) -> Result<Answer, TwilioFault> {
        self.update(call, [("Twiml", twiml)]).await
    }

    async fn update(&self, call: &CallSid, form: [(&str, &str); 1]) -> Result<Answer, TwilioFault> {
        let url =
            format!("{}/2010-04-01/Accounts/{}/Calls/{call}.json", self.api_url, self.account);
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(3))
            .with_max_times(20)
            .with_jitter();
        let tries = (|| self.attempt(&url, form))
            .retry(backoff)
            .when(|attempt| matches!(attempt, Attempt::Again(_)));
        match tokio::time::timeout(PATIENCE, tries).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Attempt::Never(error))) => Err(TwilioFault::Refused(error)),
            Ok(Err(Attempt::Again(why))) => Err(TwilioFault::Unreachable(why)),
            Err(_) => Err(TwilioFault::Unreachable(format!("no answer within {PATIENCE:?}"))),
        }
    }

    async fn attempt(&self, url: &str, form: [(&str, &str); 1]) -> Result<Answer, Attempt> {
        let response = self
            .http
            .post(url)
            .basic_auth(self.account.as_str(), Some(self.auth_token.expose_secret()))
            .form(&form)
            .timeout(REQUEST_PATIENCE)
            .send()
            .await
            .map_err(|error| Attempt::Again(error.without_url().to_string()))?;
        let status = response.status().as_u16();
        let body = response.text().await.unwrap_or_default();
        match hangup_outcome(status, &body) {
            HangupOutcome::Done => Ok(Answer::Done),
            HangupOutcome::NotInProgress => Ok(Answer::NotInProgress),
            HangupOutcome::Retry(error) => Err(Attempt::Again(error.to_string())),
            HangupOutcome::Fatal(error) => Err(Attempt::Never(error)),
        }
    }
}
