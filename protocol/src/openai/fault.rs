//! What an error, a failed response, a close and a refused connection mean for the session: what
//! can be tried again, what must not be (RES-3), and what is harmless.
//!
//! The same error has come with several codes or none, so a known wording of the message counts
//! first, then the code, then the type.

use serde_json::Value;

use crate::ids::ResponseId;

/// An `error` event. It doesn't end the session unless a close follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorEvent {
    /// `error.type`.
    pub kind: String,
    /// `error.code`; may be missing.
    pub code: Option<String>,
    /// In words.
    pub message: String,
    /// The path of the field it is about.
    pub param: Option<String>,
    /// The id of our event it is about, if that gave one.
    pub event_id: Option<String>,
}

/// What an error means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorClass {
    /// A response was asked for while another was being made: the request is lost.
    AlreadyActive {
        /// The one being made, if the message names it.
        response_id: Option<ResponseId>,
    },
    /// Our cancel crossed with the end of the response: harmless.
    CancelNotActive,
    /// A commit without enough sound: harmless with turn detection on.
    CommitEmpty,
    /// Trying again does not help.
    Fatal(FatalCause),
    /// The session has reached its 60 minutes.
    SessionExpired,
    /// Too much at once: again after a pause.
    RateLimited,
    /// The server's own fault.
    ServerFault,
    /// A cut beyond the end of the sound: nothing was cut.
    TruncateTooLong,
    /// A cut of an item that holds no sound of the assistant: nothing was cut.
    NotTruncatable,
    /// An item that the server doesn't have.
    UnknownItem,
    /// Our event was invalid, and none of it was applied.
    Rejected,
    /// Anything else.
    Other,
}

/// Why a session can't be had, however often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FatalCause {
    /// The API key is missing or wrong.
    BadKey,
    /// The model doesn't exist, can't do this, or is not ours to use.
    BadModel,
    /// The account has no money left.
    Quota,
    /// The account is closed.
    AccountClosed,
    /// The API's beta shape was asked for, which is no more.
    BetaShape,
    /// Refused for another reason.
    Refused,
}

/// Whether a failed response is worth another try (PIPE-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// No: the account has no money left, or is closed.
    Quota,
    /// No: the content filter stands against it.
    Filter,
    /// Yes, after a pause.
    Retryable,
}

/// Whether a lost or refused connection is worth another try (RES-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// No.
    Fatal(FatalCause),
    /// Yes, with backoff.
    Retry,
}

impl ErrorEvent {
    /// What this error means.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        let code = self.code.as_deref().unwrap_or_default();
        by_message(&self.message)
            .or_else(|| by_code(code, &self.message))
            .or_else(|| by_code(&self.kind, &self.message))
            .unwrap_or(ErrorClass::Other)
    }

    /// The `error` of an event. Read leniently: an error that can't be understood is one still.
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
    /// A word for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadKey => "bad_key",
            Self::BadModel => "bad_model",
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
            "insufficient_quota" | "billing_hard_limit_reached" => Some(Self::Quota),
            "account_deactivated" => Some(Self::AccountClosed),
            "beta_api_shape_disabled" => Some(Self::BetaShape),
            _ => None,
        }
    }
}

/// What a close of the socket means. `code` is `None` if the socket went without one. The reason
/// names the error's type and code (`invalid_request_error.invalid_api_key`).
#[must_use]
pub fn close_class(code: Option<u16>, reason: &str) -> Remedy {
    let word = reason.rsplit('.').next().unwrap_or_default();
    let class = by_message(reason).or_else(|| by_code(word, ""));
    if let Some(ErrorClass::Fatal(cause)) = class {
        return Remedy::Fatal(cause);
    }
    let passing = matches!(
        class,
        Some(ErrorClass::SessionExpired | ErrorClass::RateLimited | ErrorClass::ServerFault)
    );
    match code {
        Some(3000) if !passing => Remedy::Fatal(FatalCause::BadKey),
        Some(4000) if !passing => Remedy::Fatal(FatalCause::Refused),
        Some(4004) if !passing => Remedy::Fatal(FatalCause::BadModel),
        _ => Remedy::Retry,
    }
}

/// What an HTTP status other than 101 means, as the answer to the upgrade. (OpenAI itself upgrades
/// always and refuses by a close; gateways and Azure refuse so.)
#[must_use]
pub fn http_class(status: u16) -> Remedy {
    match status {
        408 | 425 | 429 | 500..=599 => Remedy::Retry,
        401 => Remedy::Fatal(FatalCause::BadKey),
        402 => Remedy::Fatal(FatalCause::Quota),
        _ => Remedy::Fatal(FatalCause::Refused),
    }
}

/// What the error of a failed response means.
pub(super) fn failure_class(kind: &str, code: Option<&str>) -> FailureClass {
    let words = [code.unwrap_or_default(), kind];
    let is = |cause| words.iter().any(|word| FatalCause::from_code(word) == Some(cause));
    if is(FatalCause::Quota) || is(FatalCause::AccountClosed) {
        FailureClass::Quota
    } else if words
        .iter()
        .any(|word| matches!(*word, "content_filter" | "content_policy_violation"))
    {
        FailureClass::Filter
    } else {
        FailureClass::Retryable
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

/// Errors that were seen on the wire without a code, or under more than one.
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
