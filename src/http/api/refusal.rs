//! What the API answers when it does not do what it was asked.

use entities::RecordsError;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::slots::Slot;
use crate::http::request::json;

/// The body of every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorAnswer {
    error: ErrorBody,
    /// What is free instead, where a slot can't be had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    slots: Vec<Slot>,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    /// A word for programs.
    code: String,
    /// A sentence for people.
    message: String,
    /// The part of the request it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

/// A request that is not granted, with its HTTP status.
#[derive(Debug)]
pub(in crate::http) struct Refusal {
    status: StatusCode,
    answer: ErrorAnswer,
}

impl Refusal {
    /// With this status, code and message.
    pub(in crate::http) fn new(
        status: StatusCode,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let error = ErrorBody { code: code.into(), message: message.into(), field: None };
        Self { status, answer: ErrorAnswer { error, slots: Vec::new() } }
    }

    /// The request itself is wrong.
    pub(in crate::http) fn bad(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// What it is about is not there.
    pub(in crate::http) fn not_found(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// Something of ours failed. The cause goes to the log, not to whoever asked.
    pub(in crate::http) fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a request to the API failed");
        let message = "something failed in the daemon; its log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// It is about this part of the request.
    #[must_use]
    pub(in crate::http) fn about(mut self, field: impl Into<String>) -> Self {
        self.answer.error.field = Some(field.into());
        self
    }

    /// These slots are free.
    #[must_use]
    pub(super) fn offering(mut self, slots: Vec<Slot>) -> Self {
        self.answer.slots = slots;
        self
    }

    pub(in crate::http) fn into_response(self) -> Response {
        json(self.status, &self.answer)
    }
}

impl From<RecordsError> for Refusal {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::NotFound => Self::not_found("not_found", error.to_string()),
            RecordsError::Conflict | RecordsError::Corrupt { .. } | RecordsError::Database(_) => {
                Self::internal(&error.to_string())
            }
        }
    }
}
