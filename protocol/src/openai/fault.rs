//! Classes of errors, of failed responses, of closes and of refused connections: what can be retried,
//! what can't (RES-3), and what is harmless.
//!
//! The same error has been seen with several codes or none. So a known wording of its message decides
//! first, then its code, then its type.

use serde_json::Value;

use crate::ids::ResponseId;

/// The `error` object of an `error` event, or of a failed transcription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorEvent {
    /// `error.type`.
    pub kind: String,
    /// `error.code`; may be missing.
    pub code: Option<String>,
    /// `error.message`; the whole object where it is a bare string.
    pub message: String,
    /// `error.param`: the path of the field that is wrong.
    pub param: Option<String>,
    /// `error.event_id`: the `event_id` of our event that is wrong.
    pub event_id: Option<String>,
}

/// What an `error` event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorClass {
    /// A `response.create` while another response is active: the request is lost.
    AlreadyActive {
        /// The active response, if the message names it.
        response_id: Option<ResponseId>,
    },
    /// Our cancel crossed with the end of the response: harmless.
    CancelNotActive,
    /// A commit without enough audio: harmless with turn detection on.
    CommitEmpty,
    /// A retry can't help.
    Fatal(FatalCause),
    /// The session has reached its 60 minutes.
    SessionExpired,
    /// A rate limit: retry after a pause.
    RateLimited,
    /// An internal error of the server.
    ServerFault,
    /// A truncate beyond the end of the audio: nothing was truncated.
    TruncateTooLong,
    /// A truncate of an item without assistant audio: nothing was truncated.
    NotTruncatable,
    /// An item id that the server does not know.
    UnknownItem,
    /// Our event was invalid; nothing of it was applied.
    Rejected,
    /// None of these. If it names no event of ours, and a response is asked for, that has failed.
    Other,
}

/// Why no retry can get a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FatalCause {
    /// The API key is missing or wrong.
    BadKey,
    /// The model does not exist, is not a realtime model, or is not available to the account.
    BadModel,
    /// The voice does not exist, or is not available to the account.
    BadVoice,
    /// `insufficient_quota` or `billing_hard_limit_reached`: no credit is left.
    Quota,
    /// `account_deactivated`: OpenAI has closed the account.
    AccountClosed,
    /// `beta_api_shape_disabled`: the request had the form of the API's beta, which is gone.
    BetaShape,
    /// A refusal with a cause that is none of these.
    Refused,
}

/// Whether a failed response may be requested again (PIPE-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// No, nor any other.
    Fatal(FatalCause),
    /// No: the content filter refused it.
    Filter,
    /// Yes, after a pause.
    Retryable,
}

/// Whether a lost or refused connection may be tried again (RES-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionClass {
    /// No: the next connection would be refused for the same cause.
    Fatal(FatalCause),
    /// Yes, with backoff.
    Retryable,
}

impl ErrorEvent {
    /// The class of this error; [`ErrorClass::Other`] if nothing about it is known.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        let code = self.code.as_deref().unwrap_or_default();
        by_message(&self.message)
            .or_else(|| by_code(code, &self.message))
            .or_else(|| by_code(&self.kind, &self.message))
            .unwrap_or(ErrorClass::Other)
    }

    /// Why the server has refused our `session.update`.
    #[must_use]
    pub fn settings_refused(&self) -> FatalCause {
        let voice = self.param.as_deref().is_some_and(|param| param.contains(".voice"));
        if voice { FatalCause::BadVoice } else { FatalCause::Refused }
    }

    /// Reads leniently: an error in an unknown form is still an error.
    pub(super) fn from_value(error: &Value) -> Self {
        let text = |key: &str| error[key].as_str().map(str::to_owned);
        let bare = || error.as_str().unwrap_or_default().to_owned();
        Self {
            kind: text("type").unwrap_or_default(),
            code: text("code"),
            message: text("message").unwrap_or_else(bare),
            param: text("param"),
            event_id: text("event_id"),
        }
    }
}

impl FatalCause {
    /// The cause by name, for logs and introspection.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadKey => "bad_key",
            Self::BadModel => "bad_model",
            Self::BadVoice => "bad_voice",
            Self::Quota => "quota",
            Self::AccountClosed => "account_closed",
            Self::BetaShape => "beta_shape",
            Self::Refused => "refused",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        match code {
            "invalid_api_key" => Some(Self::BadKey),
            "missing_model" | "invalid_model" | "model_not_found" => Some(Self::BadModel),
            "invalid_voice" | "voice_not_found" => Some(Self::BadVoice),
            "insufficient_quota" | "billing_hard_limit_reached" => Some(Self::Quota),
            "account_deactivated" => Some(Self::AccountClosed),
            "beta_api_shape_disabled" => Some(Self::BetaShape),
            _ => None,
        }
    }
}

/// The class of a close frame. `code` is `None` for a socket that closed without one. The reason holds
/// the error's type and code (`invalid_request_error.invalid_api_key`).
#[must_use]
pub fn close_class(code: Option<u16>, reason: &str) -> ConnectionClass {
    let word = reason.rsplit('.').next().unwrap_or_default();
    let class = by_message(reason).or_else(|| by_code(word, ""));
    if let Some(ErrorClass::Fatal(cause)) = class {
        return ConnectionClass::Fatal(cause);
    }
    let temporary = matches!(
        class,
        Some(ErrorClass::SessionExpired | ErrorClass::RateLimited | ErrorClass::ServerFault)
    );
    match code {
        Some(3000) if !temporary => ConnectionClass::Fatal(FatalCause::BadKey),
        Some(4000) if !temporary => ConnectionClass::Fatal(FatalCause::Refused),
        Some(4004) if !temporary => ConnectionClass::Fatal(FatalCause::BadModel),
        _ => ConnectionClass::Retryable,
    }
}

/// The class of an HTTP status other than 101 in answer to the upgrade. (OpenAI always upgrades and
/// refuses by a close; gateways and Azure refuse by a status.)
#[must_use]
pub fn http_class(status: u16) -> ConnectionClass {
    match status {
        408 | 425 | 429 | 500..=599 => ConnectionClass::Retryable,
        401 => ConnectionClass::Fatal(FatalCause::BadKey),
        402 => ConnectionClass::Fatal(FatalCause::Quota),
        _ => ConnectionClass::Fatal(FatalCause::Refused),
    }
}

/// The class of the error of a failed response.
pub(super) fn failure_class(kind: &str, code: Option<&str>) -> FailureClass {
    let words = [code.unwrap_or_default(), kind];
    let filtered = |word: &&str| matches!(*word, "content_filter" | "content_policy_violation");
    match words.iter().find_map(|word| FatalCause::from_code(word)) {
        Some(cause) => FailureClass::Fatal(cause),
        None if words.iter().any(filtered) => FailureClass::Filter,
        None => FailureClass::Retryable,
    }
}

fn by_code(code: &str, message: &str) -> Option<ErrorClass> {
    if let Some(cause) = FatalCause::from_code(code) {
        return Some(ErrorClass::Fatal(cause));
    }
    match code {
        "conversation_already_has_active_response" => {
            Some(ErrorClass::AlreadyActive { response_id: response_named_in(message) })
        }
        "response_cancel_not_active" => Some(ErrorClass::CancelNotActive),
        "input_audio_buffer_commit_empty" => Some(ErrorClass::CommitEmpty),
        "session_expired" => Some(ErrorClass::SessionExpired),
        "rate_limit_exceeded" | "inference_rate_limit_exceeded" | "rate_limit_error" => {
            Some(ErrorClass::RateLimited)
        }
        "server_error" => Some(ErrorClass::ServerFault),
        "unsupported_content_type" => Some(ErrorClass::NotTruncatable),
        "item_truncate_invalid_item_id"
        | "item_delete_invalid_item_id"
        | "item_retrieve_invalid_item_id" => Some(ErrorClass::UnknownItem),
        "invalid_json"
        | "invalid_event"
        | "invalid_value"
        | "invalid_type"
        | "unknown_parameter"
        | "missing_required_parameter"
        | "integer_below_min_value"
        | "integer_above_max_value"
        | "string_above_max_length"
        | "cannot_update_voice"
        | "invalid_request_error" => Some(ErrorClass::Rejected),
        _ => None,
    }
}

/// Errors that have been seen without a code, or with several.
fn by_message(message: &str) -> Option<ErrorClass> {
    const KNOWN: [(&str, ErrorClass); 4] = [
        ("Missing bearer or basic authentication", ErrorClass::Fatal(FatalCause::BadKey)),
        ("is already shorter than", ErrorClass::TruncateTooLong),
        ("Only model output audio messages can be truncated", ErrorClass::NotTruncatable),
        ("hit the maximum duration", ErrorClass::SessionExpired),
    ];
    KNOWN.into_iter().find(|(words, _)| message.contains(words)).map(|(_, class)| class)
}

/// "…already has an active response in progress: resp_X. Wait until…"
fn response_named_in(message: &str) -> Option<ResponseId> {
    let name = &message[message.find("resp_")?..];
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    ResponseId::parse(&name[..end]).ok()
}

#[cfg(test)]
mod tests;
