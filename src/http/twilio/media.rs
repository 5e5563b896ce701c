//! The media socket: its upgrade, the signature of its handshake, and the token in its `start`. A
//! socket that passes the checks goes to the call's supervisor. Any other is closed.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use actors::link::Link;
use actors::messages::SupervisorEvent;
use http::StatusCode;
use hyper_util::rt::TokioIo;
use protocol::twilio::signature::{HandshakeForm, Signatures};
use protocol::twilio::stream::Start;
use protocol::twilio::token::TokenError;
use thiserror::Error;
use tokio_tungstenite::tungstenite::protocol::Role;
use tracing::Instrument as _;
use warp::reply::Response;

use super::span::{name_business, webhook_span};
use super::state::TwilioState;
use crate::http::request::Request;
use crate::http::response::empty;
use crate::http::upgrade;
use crate::media_start::{self, NotStarted};

/// Why a media socket was closed.
#[derive(Debug, Error)]
enum SocketRefused {
    #[error(transparent)]
    NotStarted(#[from] NotStarted),
    #[error("start has no token")]
    NoToken,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("no such call")]
    NoCall,
    #[error("the token belongs to another business")]
    ForeignBusiness,
}

/// A handshake that was accepted.
struct Handshake {
    /// Counts from 1.
    number: u64,
    /// Which URL was signed; `None` if signatures are not checked.
    form: Option<HandshakeForm>,
}

/// Answers the handshake. The socket is read in a task of its own.
pub(super) fn open(state: &Arc<TwilioState>, request: Request) -> Response {
    let signature = request.header("x-twilio-signature");
    let url = format!("{}{}", state.node_url.websocket_origin(), request.path);
    let verify = |signatures: &Signatures| signatures.verify_handshake(&url, signature);
    let form = match state.signatures.as_ref().map(verify).transpose() {
        Ok(form) => form,
        Err(error) => {
            let node_url = &state.node_url;
            tracing::warn!(%error, signed_url = url, %node_url, "a media handshake was refused");
            return empty(StatusCode::FORBIDDEN);
        }
    };
    let (response, upgrade) = match upgrade::accept(request.headers, request.upgrade) {
        Ok(accepted) => accepted,
        Err(status) => return empty(status),
    };
    let Ok(place) = Arc::clone(&state.unstarted).try_acquire_owned() else {
        tracing::warn!("a media socket was refused: too many have sent no start");
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    };
    let handshake = state.handshakes.fetch_add(1, Ordering::Relaxed) + 1;
    let for_task = Arc::clone(state);
    state.tasks.spawn(async move {
        let Ok(socket) = upgrade.await else { return };
        let link = Link::over(TokioIo::new(socket), Role::Server);
        let handshake = Handshake { number: handshake, form };
        let admitted = admit(&for_task, handshake, link);
        for_task.stop.run_until_cancelled(admitted).await;
        drop(place);
    });
    response
}

/// Waits for `start`, and gives the socket to its call.
async fn admit(state: &TwilioState, handshake: Handshake, mut link: Link) {
    let start = match media_start::read(&mut link, state.patience.start).await {
        Ok(start) => start,
        Err(why) => return tracing::warn!(%why, "a media socket was closed"),
    };
    let span = webhook_span(start.call_sid.as_str());
    let attached = attach(state, handshake, &start, link).instrument(span.clone()).await;
    if let Err(why) = attached {
        span.in_scope(|| tracing::warn!(%why, "a media socket was closed"));
    }
}

async fn attach(
    state: &TwilioState,
    handshake: Handshake,
    start: &Start,
    link: Link,
) -> Result<(), SocketRefused> {
    let token = start.custom_parameters.get("token").ok_or(SocketRefused::NoToken)?;
    let business = state.tokens.check(token, &start.call_sid, state.services.clock.wall())?;
    let handle = state.calls.find(start.call_sid.clone()).await.ok_or(SocketRefused::NoCall)?;
    name_business(&handle.parts().setup.settings.slug);
    tracing::debug!(form = ?handshake.form, "media handshake");
    if handle.parts().setup.business != business {
        return Err(SocketRefused::ForeignBusiness);
    }
    let link = Mutex::new(Some(link));
    let attach = SupervisorEvent::Attach {
        handshake: handshake.number,
        stream: start.stream_sid.clone(),
        link,
    };
    handle.tell(attach).map_err(|_| SocketRefused::NoCall)
}
