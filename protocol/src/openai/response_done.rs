//! `response.done`: how a response ended. Only its id is required. Everything else is parsed leniently,
//! because a lost `response.done` would leave the response gate waiting (PIPE-3).

use serde_json::Value;

use super::client_event::Metadata;
use super::fault::{FailureClass, failure_class};
use super::item::{ConversationItem, FunctionCall, ItemKind, ItemStatus};
use super::usage::Usage;
use crate::ids::ResponseId;

/// The `response` of a `response.done`.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseDone {
    /// `response.id`.
    pub id: ResponseId,
    /// `response.status` with its details.
    pub status: ResponseStatus,
    /// The items it produced, in order.
    pub output: Vec<ConversationItem>,
    /// Billed tokens; a cancelled response has some too.
    pub usage: Usage,
    /// The metadata of the request.
    pub metadata: Metadata,
}

/// `response.status` on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseStatus {
    /// `completed`.
    Completed,
    /// `cancelled`: its partial item stays in the conversation.
    Cancelled(CancelReason),
    /// `incomplete`: cut short; the audio that came is valid.
    Incomplete(IncompleteReason),
    /// `failed`: an `error` event may come too, or not.
    Failed(ResponseFailure),
    /// Any other status.
    Unknown(String),
}

/// `response.status_details.reason` of a cancelled response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelReason {
    /// `client_cancelled`: our `response.cancel`.
    Client,
    /// `turn_detected`: the server's turn detection, although our sessions forbid it (PIPE-6).
    TurnDetected,
    /// Any other reason; empty if none is given.
    Other(String),
}

/// `response.status_details.reason` of an incomplete response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncompleteReason {
    /// `max_output_tokens` (PROMPT-4).
    MaxOutputTokens,
    /// `content_filter`.
    ContentFilter,
    /// Any other reason; empty if none is given.
    Other(String),
}

/// `response.status_details.error` of a failed response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFailure {
    /// `error.type`; empty if missing.
    pub kind: String,
    /// `error.code`; often missing.
    pub code: Option<String>,
    /// `error.message`, or the details where they are a bare string.
    pub message: String,
}

impl ResponseDone {
    /// The function calls that may be run: complete calls of a completed response. (The server also
    /// sends calls of cancelled responses.)
    pub fn runnable_calls(&self) -> impl Iterator<Item = &FunctionCall> {
        let completed = self.status == ResponseStatus::Completed;
        self.output.iter().filter(move |_| completed).filter_map(|item| match &item.kind {
            ItemKind::FunctionCall(call)
                if matches!(item.status, None | Some(ItemStatus::Completed)) =>
            {
                Some(call)
            }
            ItemKind::FunctionCall(_) | ItemKind::Message { .. } | ItemKind::Other => None,
        })
    }

    /// `None` without a valid id.
    pub(super) fn from_value(response: &Value) -> Option<Self> {
        let output = response["output"].as_array();
        Some(Self {
            id: response_id(response)?,
            status: ResponseStatus::from_value(response),
            output: output.into_iter().flatten().filter_map(ConversationItem::from_value).collect(),
            usage: Usage::from_value(&response["usage"]),
            metadata: metadata(response),
        })
    }
}

impl IncompleteReason {
    /// The reason on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::MaxOutputTokens => "max_output_tokens",
            Self::ContentFilter => "content_filter",
            Self::Other(reason) => reason,
        }
    }

    pub(super) fn of(reason: &str) -> Self {
        match reason {
            "max_output_tokens" => Self::MaxOutputTokens,
            "content_filter" => Self::ContentFilter,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl ResponseFailure {
    /// Whether asking again can help (PIPE-3).
    #[must_use]
    pub fn class(&self) -> FailureClass {
        failure_class(&self.kind, self.code.as_deref())
    }

    fn from_value(details: &Value) -> Self {
        let failure = Self::of(&details["error"]);
        let message = Some(failure.message).filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| reason(details).to_owned());
        Self { message, ..failure }
    }

    /// Reads an `error` object; what is missing is empty.
    pub(super) fn of(error: &Value) -> Self {
        let text = |key: &str| error[key].as_str().map(str::to_owned);
        Self {
            kind: text("type").unwrap_or_default(),
            code: text("code"),
            message: text("message").unwrap_or_default(),
        }
    }
}

impl ResponseStatus {
    fn from_value(response: &Value) -> Self {
        let details = &response["status_details"];
        match response["status"].as_str().unwrap_or_default() {
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled(match reason(details) {
                "client_cancelled" => CancelReason::Client,
                "turn_detected" => CancelReason::TurnDetected,
                other => CancelReason::Other(other.to_owned()),
            }),
            "incomplete" => Self::Incomplete(IncompleteReason::of(reason(details))),
            "failed" => Self::Failed(ResponseFailure::from_value(details)),
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// `response.id`.
pub(super) fn response_id(response: &Value) -> Option<ResponseId> {
    ResponseId::parse(response["id"].as_str()?).ok()
}

/// `response.metadata`; values that are not strings are left out.
pub(super) fn metadata(response: &Value) -> Metadata {
    let pairs = response["metadata"].as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// `status_details.reason`. Details have been seen as an object and as a bare string.
fn reason(details: &Value) -> &str {
    details["reason"].as_str().or_else(|| details.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
