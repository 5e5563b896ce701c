//! Errors of the API: their HTTP status and their body.

use entities::appointments::AppointmentId;
use entities::{Database, RecordsError, Trouble};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use warp::reply::Response;

use super::slot::Slot;
use crate::http::response::json;

/// When a request that met a busy database may be sent again, in seconds: a look at the database counts
/// for as long.
const RETRY_AFTER_SECS: &str = "1";

/// What a handler returns.
pub(super) type ApiResult = Result<Response, ApiError>;

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorAnswer {
    error: ErrorBody,
    /// The free slots, where the wanted slot can't be booked.
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
    /// The parameter, field or header that is wrong, if it is one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The appointment that is in the way, if it is this lead's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_id: Option<Uuid>,
}

/// A request that failed.
#[derive(Debug)]
pub(in crate::http) struct ApiError {
    status: StatusCode,
    body: Box<ErrorAnswer>,
    /// Whether the same request may succeed soon.
    passes: bool,
}

impl ApiError {
    pub(super) fn new(
        status: StatusCode,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let error = ErrorBody {
            code: code.into(),
            message: message.into(),
            field: None,
            appointment_id: None,
        };
        let body = Box::new(ErrorAnswer { error, slots: Vec::new() });
        Self { status, body, passes: false }
    }

    /// 400: the request itself is wrong.
    pub(in crate::http) fn bad_request(
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 404.
    pub(super) fn not_found(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 404: the business has no such lead.
    pub(in crate::http) fn no_such_lead() -> Self {
        Self::not_found("no_such_lead", "this business has no such lead")
    }

    /// 404: the business has no such appointment.
    pub(in crate::http) fn no_such_appointment() -> Self {
        Self::not_found("no_such_appointment", "this business has no such appointment")
    }

    /// 409: the request does not fit the present state.
    pub(super) fn conflict(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 503: not now.
    pub(super) fn unavailable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }

    /// 503: the database is locked, slow, full or away. The cause is logged and not sent.
    pub(super) fn database_busy(cause: &str) -> Self {
        tracing::error!(cause, "a request to the API found the database busy or away");
        let message = "the database is busy, try again";
        Self { passes: true, ..Self::unavailable("database_busy", message) }
    }

    /// Says so, if the cause is that the database's file is not in its place.
    pub(super) fn explained(self, database: &Database) -> Self {
        if !(self.passes && database.has_lost_its_file()) {
            return self;
        }
        let message = "the database's file was deleted, replaced or emptied: put it back";
        Self::unavailable("database_file", message)
    }

    /// 500. The cause is logged and not sent.
    pub(in crate::http) fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a request to the API failed");
        let message = "something failed in the daemon; its log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Names the parameter, field or header that is wrong.
    #[must_use]
    pub(super) fn at(mut self, field: impl Into<String>) -> Self {
        self.body.error.field = Some(field.into());
        self
    }

    /// Names the appointment that is in the way.
    #[must_use]
    pub(super) fn about(mut self, appointment: AppointmentId) -> Self {
        self.body.error.appointment_id = Some(appointment.0);
        self
    }

    /// Adds slots that are free.
    #[must_use]
    pub(super) fn with_slots(mut self, slots: Vec<Slot>) -> Self {
        self.body.slots = slots;
        self
    }

    /// The HTTP status.
    pub(in crate::http) fn status(&self) -> StatusCode {
        self.status
    }

    /// The word for programs.
    pub(in crate::http) fn code(&self) -> &str {
        &self.body.error.code
    }

    /// The parameter, field or header that is wrong, if it is one of them.
    pub(in crate::http) fn field(&self) -> Option<&str> {
        self.body.error.field.as_deref()
    }

    /// When the slots begin that are free instead.
    pub(in crate::http) fn free_starts(&self) -> Vec<Timestamp> {
        self.body.slots.iter().filter_map(Slot::starts_at).collect()
    }

    /// Whether the same request may succeed soon.
    pub(in crate::http) fn passes(&self) -> bool {
        self.passes
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = json(self.status, &self.body);
        if self.passes {
            let retry_after = HeaderValue::from_static(RETRY_AFTER_SECS);
            response.headers_mut().insert(header::RETRY_AFTER, retry_after);
        }
        response
    }
}

impl From<RecordsError> for ApiError {
    fn from(error: RecordsError) -> Self {
        match error.trouble() {
            Some(Trouble::Busy | Trouble::Away | Trouble::Full | Trouble::ReadOnly) => {
                return Self::database_busy(&error.to_string());
            }
            Some(Trouble::Damaged) | None => {}
        }
        match error {
            RecordsError::NotFound => Self::not_found("not_found", error.to_string()),
            RecordsError::Unstorable(_) => {
                let message = "the database can't take one of the values: it has a character, a \
                               number or a date that can't be stored; change it and ask again";
                Self::bad_request("unstorable", message)
            }
            RecordsError::Conflict
            | RecordsError::Fenced
            | RecordsError::Corrupt { .. }
            | RecordsError::Database(_) => Self::internal(&error.to_string()),
        }
    }
}
