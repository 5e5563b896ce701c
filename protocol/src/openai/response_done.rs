//! How a response ended: `response.done`. Only its id must be there; everything else is read
//! leniently, since a lost `response.done` would leave the response gate waiting (PIPE-3).

use serde_json::Value;

use super::client_event::Metadata;
use super::fault::{FailureClass, failure_class};
use super::item::{ConversationItem, FunctionCall, ItemKind, ItemStatus};
use super::usage::Usage;
use crate::ids::ResponseId;

/// A response that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseDone {
    /// Its id.
    pub id: ResponseId,
    /// How it ended.
    pub status: ResponseStatus,
    /// What it made, without the sound.
    pub output: Vec<ConversationItem>,
    /// What is billed for it, also when it was cancelled.
    pub usage: Usage,
    /// What the request gave along.
    pub metadata: Metadata,
}

/// How a response ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseStatus {
    /// In full.
    Completed,
    /// Stopped. Its partial item stays in the conversation.
    Cancelled(CancelReason),
    /// Cut short; the sound that came is good.
    Incomplete(IncompleteReason),
    /// It failed; no `error` event need come.
    Failed(ResponseFailure),
    /// A status that the daemon doesn't know.
    Unknown(String),
}

/// Who stopped a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelReason {
    /// Our `response.cancel`.
    Client,
    /// The server's turn detection, which a session of ours has forbidden to (PIPE-6).
    TurnDetected,
    /// Anything else, or nothing said.
    Other(String),
}

/// Why a response was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncompleteReason {
    /// The limit of output tokens (PROMPT-4).
    MaxOutputTokens,
    /// The content filter.
    ContentFilter,
    /// Anything else, or nothing said.
    Other(String),
}

/// What the server says of a response that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseFailure {
    /// `error.type`, empty if there is none.
    pub kind: String,
    /// `error.code`; often missing.
    pub code: Option<String>,
    /// In words.
    pub message: String,
}

impl ResponseDone {
    /// The function calls that may be run: none unless the response was completed, and no call
    /// that was cut off. The server gives out arguments of cancelled calls too.
    pub fn runnable_calls(&self) -> impl Iterator<Item = &FunctionCall> {
        let completed = self.status == ResponseStatus::Completed;
        self.output.iter().filter(move |_| completed).filter_map(|item| match &item.kind {
            ItemKind::FunctionCall(call)
                if matches!(item.status, None | Some(ItemStatus::Completed)) =>
            {
                Some(call)
            }
            ItemKind::FunctionCall(_)
            | ItemKind::Message { .. }
            | ItemKind::FunctionCallOutput { .. }
            | ItemKind::Other => None,
        })
    }

    /// `None` if it has no id that can be used.
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

impl ResponseFailure {
    /// Whether asking again can help (PIPE-3).
    #[must_use]
    pub fn class(&self) -> FailureClass {
        failure_class(&self.kind, self.code.as_deref())
    }

    fn from_value(details: &Value) -> Self {
        let text = |key: &str| details["error"][key].as_str().map(str::to_owned);
        Self {
            kind: text("type").unwrap_or_default(),
            code: text("code"),
            message: text("message").unwrap_or_else(|| reason(details).to_owned()),
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
            "incomplete" => Self::Incomplete(match reason(details) {
                "max_output_tokens" => IncompleteReason::MaxOutputTokens,
                "content_filter" => IncompleteReason::ContentFilter,
                other => IncompleteReason::Other(other.to_owned()),
            }),
            "failed" => Self::Failed(ResponseFailure::from_value(details)),
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// The id in a `response`.
pub(super) fn response_id(response: &Value) -> Option<ResponseId> {
    ResponseId::parse(response["id"].as_str()?).ok()
}

/// What the request gave along, in a `response`.
pub(super) fn metadata(response: &Value) -> Metadata {
    let pairs = response["metadata"].as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Details have come as an object and as a bare string.
fn reason(details: &Value) -> &str {
    details["reason"].as_str().or_else(|| details.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
