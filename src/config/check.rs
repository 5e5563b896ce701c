//! Rules between keys: a daemon that answers real callers must not use practice settings.

use std::time::Duration;

use protocol::business::duration_text;
use secrecy::ExposeSecret;
use thiserror::Error;
use tracing_subscriber::EnvFilter;

use super::{Config, ModelProvider, Twilio};

/// The least length of the admin listener's token, and of the key of hashes, in characters.
const MIN_TOKEN_CHARS: usize = 16;

/// A key whose value does not go with the others.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {message}")]
pub struct Problem {
    /// As in `server.public_url`.
    pub key: String,
    /// What is wrong and how to correct it.
    pub message: String,
}

impl Config {
    /// Checks the rules between keys (PRAC-4).
    ///
    /// # Errors
    /// Every [`Problem`], in the order of the keys.
    pub fn check(&self) -> Result<(), Vec<Problem>> {
        let problems: Vec<_> = [
            unreachable(self),
            unreachable_node(self),
            weak_token(self),
            weak_person_key(self),
            practice_for_real_callers(self),
            no_key(self),
            practice_account(self),
            practice_token(self),
            unsigned_webhooks(self),
            no_backoff(self),
            no_period(self),
            no_patience(self),
            no_filter(self),
            no_telemetry(self),
        ]
        .into_iter()
        .flatten()
        .chain(too_long(self))
        .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// Traces are wanted from a program that makes none.
fn no_telemetry(config: &Config) -> Option<Problem> {
    let is_wanted = config.telemetry.otlp_url.is_some() && !cfg!(feature = "otel");
    is_wanted.then(|| {
        let message = "this program was built without the feature otel: build it with \
                       --features otel, or remove the key";
        problem("telemetry.otlp_url", message)
    })
}

fn problem(key: &str, message: impl Into<String>) -> Problem {
    Problem { key: key.to_owned(), message: message.into() }
}

/// Whether real callers can call, or the real model answers.
fn is_real(config: &Config) -> bool {
    !config.server.public_url.is_loopback() || config.openai.provider == ModelProvider::OpenAi
}

/// Both providers are the real ones, but Twilio can't reach a loopback address.
fn unreachable(config: &Config) -> Option<Problem> {
    let both_real = config.openai.provider == ModelProvider::OpenAi
        && !config.openai.realtime_url.is_loopback()
        && !config.twilio.api_url.is_loopback()
        && !config.twilio.has_practice_token();
    (both_real && config.server.public_url.is_loopback()).then(|| {
        problem(
            "server.public_url",
            format!(
                "is {}, which only this machine can reach: set the address at which Twilio \
                 reaches this daemon",
                config.server.public_url
            ),
        )
    })
}

/// Twilio reaches the public address, but could not open a stream.
fn unreachable_node(config: &Config) -> Option<Problem> {
    let (public, own) = (&config.server.public_url, config.server.own_url());
    (!public.is_loopback() && own.is_loopback()).then(|| {
        problem(
            "server.node_url",
            format!(
                "is {own}, which only this machine can reach, and server.public_url is {public}: set the \
                 address at which Twilio reaches this daemon, or none if it is the public one"
            ),
        )
    })
}

fn weak_token(config: &Config) -> Option<Problem> {
    let token = config.admin.token.as_ref()?;
    (token.expose_secret().chars().count() < MIN_TOKEN_CHARS).then(|| {
        problem(
            "admin.token",
            format!(
                "is shorter than {MIN_TOKEN_CHARS} characters: set a longer one, or none to have no \
                 admin listener"
            ),
        )
    })
}

fn weak_person_key(config: &Config) -> Option<Problem> {
    let key = config.server.person_key.as_ref()?;
    (key.expose_secret().chars().count() < MIN_TOKEN_CHARS).then(|| {
        problem(
            "server.person_key",
            format!(
                "is shorter than {MIN_TOKEN_CHARS} characters: set a longer one, or none to have one in \
                 server.state_dir"
            ),
        )
    })
}

fn practice_for_real_callers(config: &Config) -> Option<Problem> {
    let practice = config.openai.provider == ModelProvider::Practice;
    (practice && !config.server.public_url.is_loopback()).then(|| {
        problem(
            "openai.provider",
            format!(
                "is \"practice\", which never answers real callers, and server.public_url is {}: \
                 set provider = \"openai\", or a public_url on 127.0.0.1",
                config.server.public_url
            ),
        )
    })
}

fn no_key(config: &Config) -> Option<Problem> {
    let openai = &config.openai;
    (openai.provider == ModelProvider::OpenAi && openai.api_key.is_none()).then(|| {
        problem(
            "openai.api_key",
            "is missing: provider = \"openai\" needs one; FRONTDESK__OPENAI__API_KEY keeps it \
             out of the file",
        )
    })
}

fn practice_account(config: &Config) -> Option<Problem> {
    let twilio = &config.twilio;
    let wrong = is_real(config) && !twilio.api_url.is_loopback() && twilio.has_practice_account();
    wrong.then(|| {
        problem(
            "twilio.account_sid",
            format!("is {}, the practice account: set your own", Twilio::PRACTICE_ACCOUNT),
        )
    })
}

fn practice_token(config: &Config) -> Option<Problem> {
    let token = config.twilio.auth_token.expose_secret();
    if token.trim().is_empty() {
        return Some(problem("twilio.auth_token", "is empty: set your account's auth token"));
    }
    (is_real(config) && config.twilio.has_practice_token()).then(|| {
        problem(
            "twilio.auth_token",
            "is the practice token, which everybody knows: set your account's; \
             FRONTDESK__TWILIO__AUTH_TOKEN keeps it out of the file",
        )
    })
}

/// Whoever finds the address could open paid sessions and end calls (OPS-6).
fn unsigned_webhooks(config: &Config) -> Option<Problem> {
    let open = !config.twilio.validate_signatures && !config.server.public_url.is_loopback();
    open.then(|| {
        problem(
            "twilio.validate_signatures",
            format!(
                "is false, and server.public_url is {}: set it to true, or a public_url on 127.0.0.1",
                config.server.public_url
            ),
        )
    })
}

fn no_backoff(config: &Config) -> Option<Problem> {
    let backoff = &config.supervision.backoff;
    backoff.is_empty().then(|| {
        problem("supervision.backoff", "is empty: set at least one delay, such as \"0ms\"")
    })
}

fn no_period(config: &Config) -> Option<Problem> {
    let period = config.supervision.period;
    period.is_zero().then(|| problem("supervision.period", "must be more than 0"))
}

fn no_filter(config: &Config) -> Option<Problem> {
    let wrong = EnvFilter::try_new(&config.log.filter).err()?;
    Some(problem("log.filter", format!("{wrong}: set levels by module, as in \"info,sqlx=warn\"")))
}

/// A shorter wait would give a call up at the first hiccup of OpenAI.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

fn no_patience(config: &Config) -> Option<Problem> {
    let is_short = config.openai.upstream_patience < LEAST_PATIENCE;
    is_short.then(|| {
        let least = duration_text::written(LEAST_PATIENCE);
        problem("openai.upstream_patience", format!("must be at least {least}"))
    })
}

/// The longest that each wait may be. A longer one is a slip of the unit.
const LONGEST: [(&str, LengthOf, Duration); 4] = [
    ("server.drain_timeout", |config| config.server.drain_timeout, DAY),
    (
        "openai.upstream_patience",
        |config| config.openai.upstream_patience,
        MINUTE.saturating_mul(5),
    ),
    ("supervision.period", |config| config.supervision.period, DAY),
    (
        "supervision.backoff",
        |config| config.supervision.backoff.iter().copied().max().unwrap_or_default(),
        MINUTE,
    ),
];

/// How a wait is read from the configuration.
type LengthOf = fn(&Config) -> Duration;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn too_long(config: &Config) -> impl Iterator<Item = Problem> {
    let too_long = LONGEST.into_iter().filter(|(_, length, longest)| length(config) > *longest);
    too_long.map(|(key, _, longest)| {
        problem(key, format!("must be at most {}", duration_text::written(longest)))
    })
}
