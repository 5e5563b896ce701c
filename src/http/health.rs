//! `/healthz` and `/readyz`, on both listeners.

use http::StatusCode;
use warp::reply::Response;

use super::readiness::Readiness;
use super::request::Request;
use super::response::{empty, json};

/// The response, if the request is for one of the two paths.
pub(super) fn health(request: &Request, readiness: &Readiness) -> Option<Response> {
    match request.path.as_str() {
        "/healthz" => Some(empty(StatusCode::OK)),
        "/readyz" if readiness.is_ready() => {
            Some(json(StatusCode::OK, &serde_json::json!({ "ready": true })))
        }
        "/readyz" => {
            let body = serde_json::json!({ "ready": false, "why": "draining" });
            Some(json(StatusCode::SERVICE_UNAVAILABLE, &body))
        }
        _ => None,
    }
}
