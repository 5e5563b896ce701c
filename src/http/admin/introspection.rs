//! `/introspect/`: actors, calls, the provider and events as they are now, and a way to crash an actor on
//! purpose. Actors and calls are those of all nodes; the rest is this node's.

use actors::cluster::{Order, Subject};
use futures_util::StreamExt as _;
use http::{Method, StatusCode};
use protocol::ids::{CallSid, NodeId};
use serde_json::{Value, json};
use supervision::registry::CrashRefused;
use tokio::sync::broadcast::error::RecvError;
use warp::reply::{Reply, Response};

use super::state::AdminState;
use crate::http::request::Request;
use crate::http::response::{empty, error, json as json_answer, not_found};

/// What can be asked.
#[derive(Debug, Clone, Copy)]
enum Endpoint {
    Actors,
    Calls,
    Call,
    Provider,
    Events,
    Kill,
}

/// Each with its method and its path behind `/introspect/`. `{}` stands for one part of a path.
static ENDPOINTS: [(Method, &str, Endpoint); 6] = [
    (Method::GET, "actors", Endpoint::Actors),
    (Method::GET, "calls", Endpoint::Calls),
    (Method::GET, "calls/{}", Endpoint::Call),
    (Method::GET, "provider", Endpoint::Provider),
    (Method::GET, "events", Endpoint::Events),
    (Method::POST, "actors/{}/kill", Endpoint::Kill),
];

/// All of them, as `get /introspect/calls/{}`.
pub fn endpoints() -> impl Iterator<Item = String> {
    ENDPOINTS
        .iter()
        .map(|(method, path, _)| format!("{} /introspect/{path}", method.as_str().to_lowercase()))
}

/// Answers one request; `path` is what follows `/introspect/`.
pub(super) async fn serve(state: &AdminState, request: &Request, path: &[&str]) -> Response {
    let found = ENDPOINTS.iter().find_map(|(method, pattern, endpoint)| {
        let parameter = matching(pattern, path)?;
        (*method == request.method).then_some((*endpoint, parameter))
    });
    let Some((endpoint, parameter)) = found else { return not_found() };
    let query = Query::of(request.query.as_deref());
    match endpoint {
        Endpoint::Actors => actors(state, query).await,
        Endpoint::Calls => calls(state, query).await,
        Endpoint::Call => call(state, parameter).await,
        Endpoint::Provider => provider(state),
        Endpoint::Events => events(state),
        Endpoint::Kill => kill(state, parameter, query).await,
    }
}

/// What stands for `{}`; empty if there is none. `None` if the path is another one.
fn matching<'a>(pattern: &str, path: &[&'a str]) -> Option<&'a str> {
    let parts: Vec<&str> = pattern.split('/').collect();
    if parts.len() != path.len() {
        return None;
    }
    let mut parameter = "";
    for (part, given) in parts.into_iter().zip(path) {
        match part {
            "{}" => parameter = given,
            part if part == *given => {}
            _ => return None,
        }
    }
    Some(parameter)
}

/// `node` in the query: whose actors or calls are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Query {
    /// Not given.
    Any,
    /// `here`.
    Here,
    Node(NodeId),
    Unreadable,
}

impl Query {
    fn of(query: Option<&str>) -> Self {
        let parameters = query.unwrap_or_default().split('&');
        match parameters.filter_map(|parameter| parameter.strip_prefix("node=")).next() {
            None => Self::Any,
            Some("here") => Self::Here,
            Some(id) => id.parse().map_or(Self::Unreadable, |id| Self::Node(NodeId(id))),
        }
    }
}

/// The actors of this node, then those of the others.
async fn actors(state: &AdminState, query: Query) -> Response {
    let own = state.services.introspection.actors_at(state.services.clock.now());
    let own = own.into_iter().map(|actor| json!(actor)).collect();
    shown(state, "actors", own, elsewhere(state, Subject::Actors, query).await).await
}

async fn elsewhere(state: &AdminState, subject: Subject, query: Query) -> Vec<Value> {
    match query {
        Query::Any => state.elsewhere.show(&state.services, subject).await,
        Query::Here | Query::Node(_) | Query::Unreadable => Vec::new(),
    }
}

async fn shown(
    state: &AdminState,
    what: &str,
    mut own: Vec<Value>,
    others: Vec<Value>,
) -> Response {
    own.extend(others);
    let nodes = state.services.node.all(state.calls.list().await.len());
    json_answer(StatusCode::OK, &json!({ what: own, "nodes": nodes }))
}

fn provider(state: &AdminState) -> Response {
    json_answer(StatusCode::OK, &state.services.provider.view(state.services.clock.now()))
}

async fn calls(state: &AdminState, query: Query) -> Response {
    let clock = state.services.clock;
    let calls = state.calls.list().await;
    let own = calls.iter().map(|call| json!(call.status(clock.now(), clock.wall()))).collect();
    shown(state, "calls", own, elsewhere(state, Subject::Calls, query).await).await
}

async fn call(state: &AdminState, call_sid: &str) -> Response {
    let call_sid = match CallSid::parse(call_sid) {
        Ok(call_sid) => call_sid,
        Err(invalid) => {
            return error(StatusCode::BAD_REQUEST, "bad_call_sid", &invalid.to_string());
        }
    };
    let clock = state.services.clock;
    if let Some(handle) = state.calls.find(call_sid.clone()).await {
        return json_answer(StatusCode::OK, &handle.status(clock.now(), clock.wall()));
    }
    let others = state.elsewhere.show(&state.services, Subject::Calls).await;
    match others.into_iter().find(|call| call["call_sid"] == call_sid.as_str()) {
        Some(call) => json_answer(StatusCode::OK, &call),
        None => {
            let message = "no call with this SID is running";
            error(StatusCode::NOT_FOUND, "no_such_call", message)
        }
    }
}

/// Actors are numbered by each node for itself.
async fn kill(state: &AdminState, id: &str, query: Query) -> Response {
    if !state.live.allow_actor_kill() {
        let message = "set admin.allow_actor_kill = true to allow this";
        return error(StatusCode::FORBIDDEN, "kill_not_allowed", message);
    }
    let Ok(id) = id.parse() else {
        return error(StatusCode::BAD_REQUEST, "bad_actor_id", "the id of an actor is a number");
    };
    let node = &state.services.node;
    match query {
        Query::Any | Query::Here => {}
        Query::Node(other) if other == node.id() => {}
        Query::Node(other) if node.is_alive(other) => {
            return match node.give(other, None, &Order::Kill { actor: id }).await {
                Ok(()) => empty(StatusCode::ACCEPTED),
                Err(failed) => {
                    tracing::error!(%failed, "another node could not be told to crash an actor");
                    let message = "the database does not take the order";
                    error(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", message)
                }
            };
        }
        Query::Node(_) | Query::Unreadable => {
            let message = "no living node has this id: see `nodes` of GET /introspect/actors";
            return error(StatusCode::NOT_FOUND, "no_such_node", message);
        }
    }
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
            Err(RecvError::Lagged(missed)) => {
                warp::sse::Event::default().json_data(json!({ "type": "missed", "events": missed }))
            }
            Err(RecvError::Closed) => return None,
        };
        Some((event, listener))
    });
    // Otherwise an open stream would hold up the daemon's stop.
    let events = Box::pin(events.take_until(state.stop.clone().cancelled_owned()));
    warp::sse::reply(warp::sse::keep_alive().stream(events)).into_response()
}
