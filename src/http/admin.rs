//! What the operator asks: introspection and the switch that makes an actor crash; the API is `api`'s.
//! Nothing but `/healthz` and `/readyz` is answered without the token (OPS-6).

use std::sync::Arc;

use actors::call_parts::Services;
use actors::supervisor::Calls;
use http::{Method, StatusCode};
use protocol::ids::CallSid;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use supervision::registry::CrashRefused;
use tokio::sync::broadcast::error::RecvError;
use warp::reply::{Reply, Response};

use super::Request;
use super::health::health;
use super::request::{answer, error, json, nothing_here};
use crate::app::Readiness;
use crate::config::PublicUrl;

/// What the operator's side works with.
pub struct AdminSide {
    /// Who may ask.
    pub token: AdminToken,
    /// Whether actors may be made to panic.
    pub allow_actor_kill: bool,
    /// The tree of calls.
    pub calls: Calls,
    /// At most this many calls at once.
    pub max_calls: usize,
    /// The daemon around it.
    pub services: Services,
    /// How Twilio reaches us.
    pub public_url: PublicUrl,
    /// Whether new calls are taken.
    pub readiness: Readiness,
}

/// The operator's token, by its digest.
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// Answers those who know `token`.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Compared by their digests, in constant time.
    fn is_known_to(&self, request: &Request) -> bool {
        let bearer =
            request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let given: [u8; 32] = Sha256::digest(bearer.unwrap_or_default()).into();
        bearer.is_some() && bool::from(given.ct_eq(&self.0))
    }
}

/// Answers one request on the operator's listener.
pub async fn serve(side: Arc<AdminSide>, request: Request) -> Response {
    if let Some(answer) = health(&request, &side.readiness) {
        return answer;
    }
    if !side.token.is_known_to(&request) {
        let message = "send the admin token as Authorization: Bearer …";
        return error(StatusCode::UNAUTHORIZED, "unauthorized", message);
    }
    let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (&request.method, &path[..]) {
        (&Method::GET, ["introspect", "actors"]) => {
            let actors = side.services.introspection.actors_at(side.services.clock.now());
            json(StatusCode::OK, &serde_json::json!({ "actors": actors }))
        }
        (&Method::GET, ["introspect", "calls"]) => {
            let clock = side.services.clock;
            let calls: Vec<_> = (side.calls.list().await.iter())
                .map(|call| call.status(clock.now(), clock.wall()))
                .collect();
            json(StatusCode::OK, &serde_json::json!({ "calls": calls }))
        }
        (&Method::GET, ["introspect", "calls", call]) => side.call(call).await,
        (&Method::GET, ["introspect", "events"]) => side.events(),
        (&Method::POST, ["introspect", "actors", id, "kill"]) => side.kill(id),
        (_, ["api", ..]) => super::api::serve(&side, &request).await,
        _ => nothing_here(),
    }
}

impl AdminSide {
    async fn call(&self, call: &str) -> Response {
        let call = match CallSid::parse(call) {
            Ok(call) => call,
            Err(wrong) => {
                return error(StatusCode::BAD_REQUEST, "bad_call_sid", &wrong.to_string());
            }
        };
        let clock = self.services.clock;
        match self.calls.find(call).await {
            Some(handle) => json(StatusCode::OK, &handle.status(clock.now(), clock.wall())),
            None => {
                let message = "there is no living call with this SID";
                error(StatusCode::NOT_FOUND, "no_such_call", message)
            }
        }
    }

    fn kill(&self, id: &str) -> Response {
        if !self.allow_actor_kill {
            let message = "set admin.allow_actor_kill = true to allow this";
            return error(StatusCode::FORBIDDEN, "kill_not_allowed", message);
        }
        let Ok(id) = id.parse() else {
            return error(StatusCode::BAD_REQUEST, "bad_actor_id", "an actor's id is a number");
        };
        match self.services.introspection.crash(id) {
            Ok(()) => answer(StatusCode::ACCEPTED),
            Err(refused @ CrashRefused::Unknown) => {
                error(StatusCode::NOT_FOUND, "no_such_actor", &refused.to_string())
            }
            Err(refused @ CrashRefused::NotAllowed) => {
                error(StatusCode::CONFLICT, "not_killable", &refused.to_string())
            }
        }
    }

    /// Server-sent events; a listener that falls behind is told how many it missed.
    fn events(&self) -> Response {
        let listener = self.services.introspection.listen();
        let events = futures_util::stream::unfold(listener, async |mut listener| {
            let event = match listener.recv().await {
                Ok(event) => warp::sse::Event::default().json_data(&event),
                Err(RecvError::Lagged(missed)) => warp::sse::Event::default()
                    .json_data(serde_json::json!({ "type": "missed", "events": missed })),
                Err(RecvError::Closed) => return None,
            };
            Some((event, listener))
        });
        warp::sse::reply(warp::sse::keep_alive().stream(Box::pin(events))).into_response()
    }
}
