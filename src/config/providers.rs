//! The two providers: who listens and speaks, and who brings the calls.

use std::time::Duration;

use protocol::business::duration_text;
use protocol::ids::AccountSid;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::address::{HttpUrl, WebSocketUrl};
use super::secret;

/// Who listens and speaks.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAi {
    /// The real one or the built-in one.
    pub provider: Provider,
    /// Where realtime sessions are opened, without the model.
    pub realtime_url: WebSocketUrl,
    /// Where the text model answers messages.
    pub text_url: HttpUrl,
    /// The key for both; the practice provider needs none.
    #[serde(deserialize_with = "secret::optional")]
    pub api_key: Option<SecretString>,
    /// How long a caller waits for a session before the apology.
    #[serde(with = "duration_text")]
    pub upstream_patience: Duration,
}

/// Who answers the daemon's sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The built-in practice server.
    #[default]
    Practice,
    /// OpenAI, at `realtime_url` and `text_url`.
    OpenAi,
}

/// Who brings the calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// Where its REST API is.
    pub api_url: HttpUrl,
    /// The account.
    pub account_sid: AccountSid,
    /// The account's secret: it signs webhooks and lets REST requests in.
    pub auth_token: SecretString,
    /// Whether a request must be signed. Never `false` where callers are real.
    pub validate_signatures: bool,
}

impl Twilio {
    /// The account of practice mode; Twilio has no such account.
    pub const PRACTICE_ACCOUNT: &'static str = "AC00000000000000000000000000000000";
    /// The secret of practice mode. It stands in the source, so it protects nothing.
    pub const PRACTICE_TOKEN: &'static str = "practice-auth-token";

    /// Whether the secret is the one everybody knows.
    #[must_use]
    pub fn has_practice_token(&self) -> bool {
        self.auth_token.expose_secret() == Self::PRACTICE_TOKEN
    }

    /// Whether the account is the one that Twilio doesn't have.
    #[must_use]
    pub fn has_practice_account(&self) -> bool {
        self.account_sid.as_str() == Self::PRACTICE_ACCOUNT
    }
}

impl Default for OpenAi {
    fn default() -> Self {
        Self {
            provider: Provider::Practice,
            realtime_url: WebSocketUrl::fixed("wss://api.openai.com/v1/realtime"),
            text_url: HttpUrl::fixed("https://api.openai.com/v1/responses"),
            api_key: None,
            upstream_patience: Duration::from_secs(10),
        }
    }
}

impl Default for Twilio {
    fn default() -> Self {
        Self {
            api_url: HttpUrl::fixed("https://api.twilio.com"),
            account_sid: practice_account(),
            auth_token: Self::PRACTICE_TOKEN.into(),
            validate_signatures: true,
        }
    }
}

#[expect(clippy::expect_used, reason = "the text is a constant of the right form")]
fn practice_account() -> AccountSid {
    AccountSid::parse(Twilio::PRACTICE_ACCOUNT).expect("the practice account is well-formed")
}
