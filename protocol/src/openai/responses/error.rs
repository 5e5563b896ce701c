//! Refusals of the Responses API: HTTP answers that are no response.

use serde_json::Value;
use thiserror::Error;

use crate::openai::fault::{ConnectionClass, ErrorClass, ErrorEvent, FatalCause, http_class};

/// An answer with an error status. Its text leaves OpenAI's message out, which can repeat a part of the
/// key or of the conversation (OPS-6).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "OpenAI answered HTTP {http_status}{}{}",
    .code.as_deref().map(|code| format!(", {code}")).unwrap_or_default(),
    .param.as_deref().map(|param| format!(", about {param}")).unwrap_or_default()
)]
pub struct ApiError {
    /// HTTP status.
    pub http_status: u16,
    /// `error.code`, or else `error.type`. `None` if the body is not OpenAI's JSON (a proxy's page).
    pub code: Option<String>,
    /// `error.param`: the field of our request that is wrong.
    pub param: Option<String>,
    /// What can be done about it.
    pub class: ApiErrorClass,
}

/// What can be done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiErrorClass {
    /// A retry can't help, nor can another request: the circuit breaker hears of it (PIPE-10).
    Fatal(FatalCause),
    /// A rate limit or a fault of the server: again, after a pause.
    Retryable,
    /// This request is wrong. Another one may not be.
    Rejected,
}

/// Reads an error status and its body.
#[must_use]
pub fn api_error(http_status: u16, body: &[u8]) -> ApiError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = ErrorEvent::from_value(&body["error"]);
    let word = |text: &str| Some(printable(text)).filter(|text| !text.is_empty());
    ApiError {
        http_status,
        class: class(http_status, &error),
        code: error.code.as_deref().and_then(word).or_else(|| word(&error.kind)),
        param: error.param.as_deref().and_then(word),
    }
}

fn class(http_status: u16, error: &ErrorEvent) -> ApiErrorClass {
    match error.class() {
        ErrorClass::Fatal(cause) => return ApiErrorClass::Fatal(cause),
        ErrorClass::RateLimited | ErrorClass::ServerFault => return ApiErrorClass::Retryable,
        ErrorClass::AlreadyActive { .. }
        | ErrorClass::CancelNotActive
        | ErrorClass::CommitEmpty
        | ErrorClass::SessionExpired
        | ErrorClass::TruncateTooLong
        | ErrorClass::NotTruncatable
        | ErrorClass::UnknownItem
        | ErrorClass::Rejected
        | ErrorClass::Other => {}
    }
    match http_class(http_status) {
        ConnectionClass::Retryable => ApiErrorClass::Retryable,
        ConnectionClass::Fatal(cause @ (FatalCause::BadKey | FatalCause::Quota)) => {
            ApiErrorClass::Fatal(cause)
        }
        ConnectionClass::Fatal(
            FatalCause::BadModel
            | FatalCause::BadVoice
            | FatalCause::AccountClosed
            | FatalCause::BetaShape
            | FatalCause::Refused,
        ) => ApiErrorClass::Rejected,
    }
}

/// A code or a path, for a log: what is longer or holds other letters is neither.
fn printable(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "._-[]".contains(letter);
    if text.len() <= 128 && text.chars().all(is_word) { text.to_owned() } else { String::new() }
}
