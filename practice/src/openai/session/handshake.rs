//! Decides from the handshake whether a session is refused.

use crate::openai::behaviour::{ConnectRefusal, NO_QUOTA};
use crate::openai::wire::WireError;

/// What the server reads from the upgrade request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handshake {
    /// `model` in the query.
    pub model: Option<String>,
    /// The bearer token, or the header `api-key`.
    pub key: Option<String>,
    /// Whether there is a header `OpenAI-Beta`.
    pub beta: bool,
}

/// Why a session is refused: the error, and the close frame's code and reason.
pub(super) fn refusal(
    handshake: &Handshake,
    good_key: Option<&str>,
    planned: Option<ConnectRefusal>,
) -> Option<(WireError, u16, &'static str)> {
    if handshake.beta {
        let message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for \
                       the GA API.";
        let error = WireError::new("beta_api_shape_disabled", message);
        return Some((error, 4000, "invalid_request_error.beta_api_shape_disabled"));
    }
    let Some(key) = &handshake.key else {
        let message = "Missing bearer or basic authentication in header";
        let error = WireError::new("", message).without_code();
        return Some((error, 3000, "invalid_request_error"));
    };
    if good_key.is_some_and(|good| good != key) || planned == Some(ConnectRefusal::BadKey) {
        let error = WireError::new("invalid_api_key", "Incorrect API key provided.");
        return Some((error, 3000, "invalid_request_error.invalid_api_key"));
    }
    match handshake.model.as_deref() {
        None => {
            let error = WireError::new("missing_model", "You must provide a model parameter.");
            return Some((error, 4000, "invalid_request_error.missing_model"));
        }
        Some(model) if !MODELS.contains(&model) => {
            let message = format!("Model \"{model}\" is not supported in realtime mode.");
            let error = WireError::new("invalid_model", message);
            return Some((error, 4000, "invalid_request_error.invalid_model"));
        }
        Some(_) => {}
    }
    match planned? {
        ConnectRefusal::NoQuota => {
            let error = WireError {
                kind: "insufficient_quota",
                ..WireError::new("insufficient_quota", NO_QUOTA)
            };
            Some((error, 4000, "insufficient_quota"))
        }
        ConnectRefusal::NoSuchModel => {
            let message = "The model does not exist or you do not have access to it.";
            let error = WireError::new("model_not_found", message);
            Some((error, 4004, "invalid_request_error.model_not_found"))
        }
        ConnectRefusal::ServerError => {
            let message = "The server had an error while processing your request. Sorry about \
                           that!";
            let error = WireError { kind: "server_error", ..WireError::new("", message) };
            Some((error.without_code(), 1011, "server_error"))
        }
        ConnectRefusal::BadKey | ConnectRefusal::Http(_) => None,
    }
}

const MODELS: [&str; 8] = [
    "gpt-realtime-2.1",
    "gpt-realtime-2.1-mini",
    "gpt-realtime-2",
    "gpt-realtime-1.5",
    "gpt-realtime",
    "gpt-realtime-2025-08-28",
    "gpt-realtime-mini",
    "gpt-realtime-mini-2025-12-15",
];
