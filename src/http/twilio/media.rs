//! The media socket: its upgrade, the signature of its handshake, and the token in its `start`. A
//! socket that passes the checks goes to the call's supervisor. Any other is closed.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use actors::link::{Frame, Link, websocket_config};
use actors::messages::SupervisorEvent;
use futures_util::StreamExt;
use http::StatusCode;
use hyper_util::rt::TokioIo;
use protocol::twilio::stream::{self, MalformedMessage, Start, StreamMessage, UnsupportedFormat};
use protocol::twilio::token::TokenError;
use thiserror::Error;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;
use warp::reply::Response;

use super::state::TwilioState;
use crate::http::request::Request;
use crate::http::response::empty;

/// Why a media socket was closed.
#[derive(Debug, Error)]
enum SocketRefused {
    #[error("no start message came in time")]
    NoStart,
    #[error("another message came before start")]
    NotAStart,
    #[error(transparent)]
    Malformed(#[from] MalformedMessage),
    #[error(transparent)]
    Format(#[from] UnsupportedFormat),
    #[error("start has no token")]
    NoToken,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("no such call")]
    NoCall,
    #[error("the token belongs to another business")]
    ForeignBusiness,
}

/// Answers the handshake. The socket is read in a task of its own.
pub(super) fn open(state: &Arc<TwilioState>, request: Request) -> Response {
    let signature = request.header("x-twilio-signature");
    let url = format!("{}{}", state.public_url.websocket_origin(), request.path);
    if let Some(signatures) = &state.signatures {
        match signatures.verify_handshake(&url, signature) {
            Ok(form) => tracing::debug!(?form, "media handshake"),
            Err(error) => {
                tracing::warn!(%error, "a media handshake was refused");
                return empty(StatusCode::FORBIDDEN);
            }
        }
    }
    // Checks the headers of the upgrade and makes `Sec-WebSocket-Accept`.
    let mut head = http::Request::new(());
    *head.headers_mut() = request.headers;
    let body = || empty(StatusCode::OK).into_body();
    let Ok(response) = create_response_with_body(&head, body) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let Some(upgrade) = request.upgrade else {
        return empty(StatusCode::UPGRADE_REQUIRED);
    };
    let handshake = state.handshakes.fetch_add(1, Ordering::Relaxed) + 1;
    let for_task = Arc::clone(state);
    state.tasks.spawn(async move {
        let Ok(socket) = upgrade.await else { return };
        let socket = WebSocketStream::from_raw_socket(
            TokioIo::new(socket),
            Role::Server,
            Some(websocket_config()),
        );
        if let Err(why) = admit(&for_task, handshake, Link::over(socket.await)).await {
            tracing::warn!(%why, "a media socket was closed");
        }
    });
    response
}

async fn admit(state: &TwilioState, handshake: u64, mut link: Link) -> Result<(), SocketRefused> {
    let start = tokio::time::timeout(state.patience.start, read_start(&mut link))
        .await
        .map_err(|_| SocketRefused::NoStart)??;
    start.check_format()?;
    let token = start.custom_parameters.get("token").ok_or(SocketRefused::NoToken)?;
    let business = state.tokens.check(token, &start.call_sid, state.services.clock.wall())?;
    let handle = state.calls.find(start.call_sid.clone()).await.ok_or(SocketRefused::NoCall)?;
    if handle.parts().setup.business != business {
        return Err(SocketRefused::ForeignBusiness);
    }
    let link = Mutex::new(Some(link));
    let attach = SupervisorEvent::Attach { handshake, stream: start.stream_sid, link };
    handle.tell(attach).map_err(|_| SocketRefused::NoCall)
}

async fn read_start(link: &mut Link) -> Result<Start, SocketRefused> {
    while let Some(Ok(frame)) = link.reader.next().await {
        let Frame::Text(text) = frame else { continue };
        match stream::parse(&text)? {
            StreamMessage::Connected | StreamMessage::Unknown { .. } => {}
            StreamMessage::Start(start) => return Ok(start),
            StreamMessage::Media(_)
            | StreamMessage::Dtmf { .. }
            | StreamMessage::Mark { .. }
            | StreamMessage::Stop => return Err(SocketRefused::NotAStart),
        }
    }
    Err(SocketRefused::NoStart)
}
