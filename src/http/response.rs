//! Responses that both listeners and the API give.

use http::StatusCode;
use warp::reply::{Reply, Response};

pub(super) fn empty(status: StatusCode) -> Response {
    status.into_response()
}

pub(super) fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    warp::reply::with_status(warp::reply::json(body), status).into_response()
}

/// An error in JSON, in the form of the API's errors.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": message } });
    json(status, &body)
}

/// The response for a path that nothing is served at.
pub(super) fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}
