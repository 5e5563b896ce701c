//! The sections for OpenAI and Twilio.

use std::time::Duration;

use protocol::business::duration_text;
use protocol::ids::AccountSid;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::address::{HttpUrl, WebSocketUrl};
use super::secret;

/// `[openai]`: the model.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenAi {
    pub provider: ModelProvider,
    /// The URL of Realtime sessions, without the model.
    pub realtime_url: WebSocketUrl,
    /// The URL of the text model, which answers messages.
    pub text_url: HttpUrl,
    /// The text model, for businesses that choose none.
    #[serde(deserialize_with = "model")]
    pub text_model: String,
    /// The key for both URLs. The practice provider needs none.
    #[serde(deserialize_with = "secret::optional")]
    pub api_key: Option<SecretString>,
    /// How long a caller waits for a session, or for an answer that failed, before the call is given
    /// up: at least 1 s.
    #[serde(with = "duration_text")]
    pub upstream_patience: Duration,
}

/// Which server takes the daemon's Realtime sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelProvider {
    /// The built-in practice server.
    #[default]
    Practice,
    /// OpenAI, at `realtime_url` and `text_url`.
    OpenAi,
}

/// `[twilio]`: the telephony.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Twilio {
    /// The URL of the REST API.
    pub api_url: HttpUrl,
    pub account_sid: AccountSid,
    /// The account's secret. It signs webhooks and authorises REST requests.
    pub auth_token: SecretString,
    /// Whether requests must be signed. `false` is for tests only.
    pub validate_signatures: bool,
}

impl Twilio {
    /// The account of practice mode. Twilio has no such account.
    pub const PRACTICE_ACCOUNT: &'static str = "AC00000000000000000000000000000000";
    /// The secret of practice mode. It is public, so it protects nothing.
    pub const PRACTICE_TOKEN: &'static str = "practice-auth-token";

    #[must_use]
    pub fn has_practice_token(&self) -> bool {
        self.auth_token.expose_secret() == Self::PRACTICE_TOKEN
    }

    /// Whether somebody can say how a call stands: Twilio, or a simulated one at an address of its own.
    #[must_use]
    pub fn has_a_carrier(&self) -> bool {
        !self.has_practice_account() || self.api_url != Self::default().api_url
    }

    #[must_use]
    pub fn has_practice_account(&self) -> bool {
        self.account_sid.as_str() == Self::PRACTICE_ACCOUNT
    }
}

impl Default for OpenAi {
    fn default() -> Self {
        Self {
            provider: ModelProvider::Practice,
            realtime_url: WebSocketUrl::fixed("wss://api.openai.com/v1/realtime"),
            text_url: HttpUrl::fixed("https://api.openai.com/v1/responses"),
            text_model: "gpt-6-luna".to_owned(),
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

fn model<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_sign = |letter: char| letter.is_ascii_alphanumeric() || ".-_:/".contains(letter);
    if (1..=LONGEST_MODEL).contains(&text.len()) && text.chars().all(is_sign) {
        return Ok(text);
    }
    Err(serde::de::Error::custom(
        "is no name of a model: expected letters a to z, digits, and the signs . - _ : /, as in \
         \"gpt-6-luna\"",
    ))
}

/// The longest name of a model, in bytes.
const LONGEST_MODEL: usize = 200;

#[expect(clippy::expect_used, reason = "the text is a constant of the right form")]
fn practice_account() -> AccountSid {
    AccountSid::parse(Twilio::PRACTICE_ACCOUNT).expect("the practice account is well-formed")
}
