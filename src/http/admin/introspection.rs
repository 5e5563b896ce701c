//! `/introspect/`: actors, calls, the provider and events as they are now, and a way to crash an actor on purpose.

use futures_util::StreamExt as _;
use http::{Method, StatusCode};
use protocol::ids::CallSid;
use supervision::registry::CrashRefused;
use tokio::sync::broadcast::error::RecvError;
use warp::reply::{Reply, Response};

use super::state::AdminState;
use crate::http::response::{empty, error, json, not_found};

/// Answers one request; `path` is what follows `/introspect/`.
pub(super) async fn serve(state: &AdminState, method: &Method, path: &[&str]) -> Response {
    match (method, path) {
        (&Method::GET, ["actors"]) => actors(state),
        (&Method::GET, ["calls"]) => calls(state).await,
        (&Method::GET, ["calls", call_sid]) => call(state, call_sid).await,
        (&Method::GET, ["provider"]) => provider(state),
        (&Method::GET, ["events"]) => events(state),
        (&Method::POST, ["actors", id, "kill"]) => kill(state, id),
        _ => not_found(),
    }
}

fn actors(state: &AdminState) -> Response {
    let actors = state.services.introspection.actors_at(state.services.clock.now());
    json(StatusCode::OK, &serde_json::json!({ "actors": actors }))
}

fn provider(state: &AdminState) -> Response {
    json(StatusCode::OK, &state.services.provider.view(state.services.clock.now()))
}

async fn calls(state: &AdminState) -> Response {
    let clock = state.services.clock;
    let calls = state.calls.list().await;
    let calls: Vec<_> = calls.iter().map(|call| call.status(clock.now(), clock.wall())).collect();
    json(StatusCode::OK, &serde_json::json!({ "calls": calls }))
}

async fn call(state: &AdminState, call_sid: &str) -> Response {
    let call_sid = match CallSid::parse(call_sid) {
        Ok(call_sid) => call_sid,
        Err(invalid) => {
            return error(StatusCode::BAD_REQUEST, "bad_call_sid", &invalid.to_string());
        }
    };
    let clock = state.services.clock;
    match state.calls.find(call_sid).await {
        Some(handle) => json(StatusCode::OK, &handle.status(clock.now(), clock.wall())),
        None => {
            let message = "no call with this SID is running";
            error(StatusCode::NOT_FOUND, "no_such_call", message)
        }
    }
}

fn kill(state: &AdminState, id: &str) -> Response {
    if !state.allow_actor_kill {
        let message = "set admin.allow_actor_kill = true to allow this";
        return error(StatusCode::FORBIDDEN, "kill_not_allowed", message);
    }
    let Ok(id) = id.parse() else {
        return error(StatusCode::BAD_REQUEST, "bad_actor_id", "the id of an actor is a number");
    };
    match state.services.introspection.crash(id) {
        Ok(()) => empty(StatusCode::ACCEPTED),
        Err(refused @ CrashRefused::Unknown) => {
            error(StatusCode::NOT_FOUND, "no_such_actor", &refused.to_string())
        }
        Err(refused @ CrashRefused::NotAllowed) => {
            error(StatusCode::CONFLICT, "not_killable", &refused.to_string())
        }
    }
}

/// Server-sent events. A client that falls behind gets the number of events it has missed.
fn events(state: &AdminState) -> Response {
    let listener = state.services.introspection.listen();
    let events = futures_util::stream::unfold(listener, async |mut listener| {
        let event = match listener.recv().await {
            Ok(event) => warp::sse::Event::default().json_data(&event),
            Err(RecvError::Lagged(missed)) => warp::sse::Event::default()
                .json_data(serde_json::json!({ "type": "missed", "events": missed })),
            Err(RecvError::Closed) => return None,
        };
        Some((event, listener))
    });
    // Otherwise an open stream would hold up the daemon's stop.
    let events = Box::pin(events.take_until(state.stop.clone().cancelled_owned()));
    warp::sse::reply(warp::sse::keep_alive().stream(events)).into_response()
}
