//! What must hold between keys before real callers are answered: practice and reality don't mix.

use protocol::business::Problem;
use secrecy::ExposeSecret;

use super::{Config, Provider, Twilio};

/// The shortest token of the admin listener, in characters.
const SHORTEST_TOKEN: usize = 16;

/// Every problem of `config`, in the order of its keys.
pub(super) fn check(config: &Config) -> Result<(), Vec<Problem>> {
    let problems: Vec<_> = [
        unreachable(config),
        weak_token(config),
        practice_for_real_callers(config),
        no_key(config),
        practice_account(config),
        practice_secret(config),
        no_backoff(config),
        no_period(config),
    ]
    .into_iter()
    .flatten()
    .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn problem(key: &str, message: impl Into<String>) -> Problem {
    Problem { key: key.to_owned(), message: message.into() }
}

/// Whether real callers can come, or a real model answers.
fn is_real(config: &Config) -> bool {
    !config.server.public_url.is_loopback() || config.openai.provider == Provider::OpenAi
}

/// A loopback address, though both providers are the real ones: Twilio would never get through.
fn unreachable(config: &Config) -> Option<Problem> {
    let both_real = config.openai.provider == Provider::OpenAi
        && !config.openai.realtime_url.is_loopback()
        && !config.twilio.api_url.is_loopback()
        && !config.twilio.has_practice_token();
    (both_real && config.server.public_url.is_loopback()).then(|| {
        problem(
            "server.public_url",
            format!(
                "is {}, which leads to this machine alone: give the address at which Twilio \
                 reaches this daemon",
                config.server.public_url
            ),
        )
    })
}

fn weak_token(config: &Config) -> Option<Problem> {
    let token = config.admin.token.as_ref()?;
    (token.expose_secret().chars().count() < SHORTEST_TOKEN).then(|| {
        problem(
            "admin.token",
            format!(
                "is shorter than {SHORTEST_TOKEN} characters: give a longer one, or none, and \
                 there is no admin listener"
            ),
        )
    })
}

fn practice_for_real_callers(config: &Config) -> Option<Problem> {
    let practice = config.openai.provider == Provider::Practice;
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
    (openai.provider == Provider::OpenAi && openai.api_key.is_none()).then(|| {
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
            format!("is {}, the practice account: give your own", Twilio::PRACTICE_ACCOUNT),
        )
    })
}

fn practice_secret(config: &Config) -> Option<Problem> {
    let token = config.twilio.auth_token.expose_secret();
    if token.trim().is_empty() {
        return Some(problem("twilio.auth_token", "is empty: give your account's auth token"));
    }
    (is_real(config) && config.twilio.has_practice_token()).then(|| {
        problem(
            "twilio.auth_token",
            "is the practice token, which everybody knows: give your account's; \
             FRONTDESK__TWILIO__AUTH_TOKEN keeps it out of the file",
        )
    })
}

fn no_backoff(config: &Config) -> Option<Problem> {
    let backoff = &config.supervision.backoff;
    backoff.is_empty().then(|| {
        problem("supervision.backoff", "is empty: give at least one wait, \"0ms\" for none")
    })
}

fn no_period(config: &Config) -> Option<Problem> {
    let period = config.supervision.period;
    period.is_zero().then(|| problem("supervision.period", "must be more than 0"))
}
