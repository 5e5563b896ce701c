//! `/healthz` and `/readyz`, on both listeners.

use http::StatusCode;
use warp::reply::Response;

use super::readiness::{NotReady, Readiness};
use super::request::Request;
use super::response::{empty, json};

/// The response, if the request is for one of the two paths.
pub(super) async fn health(request: &Request, readiness: &Readiness) -> Option<Response> {
    match request.path.as_str() {
        "/healthz" => Some(empty(StatusCode::OK)),
        "/readyz" if is_for_webhooks(request) => {
            let draining = (!readiness.takes_calls()).then_some(NotReady::Draining);
            Some(ready_unless(&Vec::from_iter(draining)))
        }
        "/readyz" => Some(ready_unless(&readiness.reasons().await)),
        _ => None,
    }
}

/// A load balancer asks so. Without a database, the daemon still owes callers the apology.
fn is_for_webhooks(request: &Request) -> bool {
    let query = request.query.as_deref().unwrap_or_default();
    query.split('&').any(|parameter| parameter == "for=webhooks")
}

fn ready_unless(reasons: &[NotReady]) -> Response {
    if reasons.is_empty() {
        return json(StatusCode::OK, &serde_json::json!({ "ready": true }));
    }
    let why: Vec<_> = reasons.iter().map(|reason| reason.as_str()).collect();
    let body = serde_json::json!({ "ready": false, "why": why });
    json(StatusCode::SERVICE_UNAVAILABLE, &body)
}
