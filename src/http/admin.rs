//! The operator's listener: introspection, metrics and the API. Only `/healthz` and `/readyz` are answered
//! without the token (OPS-6).

mod access;
mod elsewhere;
mod introspection;
mod metrics;
pub(super) mod state;

use std::sync::Arc;

use http::{Method, StatusCode};
use warp::reply::Response;

use super::api;
use super::health::health;
use super::request::Request;
use super::response::{error, not_found};

pub(in crate::http) use access::Access;
pub use elsewhere::Elsewhere;
pub use introspection::endpoints as introspection_endpoints;
pub use state::AdminState;

/// How much of a refused path is logged, in bytes.
const MAX_LOGGED: usize = 512;

/// Answers one request on the operator's listener.
pub async fn serve(state: Arc<AdminState>, mut request: Request) -> Response {
    // Whoever writes the answer to the connection leaves the body away.
    if request.method == Method::HEAD {
        request.method = Method::GET;
    }
    if let Some(response) = health(&request, &state.readiness).await {
        return response;
    }
    let access = match access::of(&state, &request).await {
        Ok(Some(access)) => access,
        Ok(None) => {
            let path = request.path.get(..MAX_LOGGED).unwrap_or(&request.path);
            tracing::warn!(method = %request.method, path, "an operator's request without the token was refused");
            let message = "send a token as Authorization: Bearer …";
            return error(StatusCode::UNAUTHORIZED, "unauthorized", message);
        }
        Err(failed) => return api::unavailable(failed),
    };
    let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let refused = match &path[..] {
        ["api", ..] => access.refused_in_api(&request.method),
        _ => access.refused_in_system(&request.method),
    };
    if let Some(refusal) = refused {
        return refusal;
    }
    match &path[..] {
        ["introspect", rest @ ..] => introspection::serve(&state, &request, rest).await,
        ["metrics"] if request.method == Method::GET => metrics::serve(&state).await,
        ["api", ..] => api::serve(&state, access, &request).await,
        _ => not_found(),
    }
}
