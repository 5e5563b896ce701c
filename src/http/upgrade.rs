//! A request that becomes a WebSocket.

use http::{HeaderMap, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use warp::reply::Response;

use super::response::empty;

/// Checks the headers of the handshake. Returns the answer to it, and the connection, which is there once the answer
/// was sent.
///
/// # Errors
/// The answer's status if it is none, or if the connection can't become a WebSocket.
pub(super) fn accept(
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
) -> Result<(Response, OnUpgrade), StatusCode> {
    // Checks the headers of the upgrade and makes `Sec-WebSocket-Accept`.
    let mut head = http::Request::new(());
    *head.headers_mut() = headers;
    let body = || empty(StatusCode::OK).into_body();
    let response = create_response_with_body(&head, body);
    let response = response.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok((response, upgrade.ok_or(StatusCode::UPGRADE_REQUIRED)?))
}
