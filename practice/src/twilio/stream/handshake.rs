//! The WebSocket handshake as Twilio makes it: signed, with these headers and no others.

use std::time::Duration;

use http::Request;
use http::header::{SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::Url;

use crate::transport::{BoxedStream, Dialer, websocket_config};
use crate::twilio::debugger::{TwilioError, Violation};
use crate::twilio::signature::sign;

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<BoxedStream>>;

/// Time limit to connect, and again for the handshake.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the socket of a stream. The address must be `wss`, or `ws` on loopback. The query is
/// dropped, and the rest is signed as written.
///
/// # Errors
/// The error that Twilio's Debugger would show.
pub(super) async fn open(
    url: &str,
    auth_token: &SecretString,
    dialer: &dyn Dialer,
) -> Result<WebSocket, TwilioError> {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let parsed = Url::parse(url).ok().filter(is_allowed);
    let parsed =
        parsed.ok_or_else(|| TwilioError::Stream(Violation::StreamScheme(url.to_owned())))?;
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed.port_or_known_default().unwrap_or(443);
    let connecting = dialer.dial(host.trim_matches(['[', ']']), port);
    let stream = match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(TwilioError::StreamRefused(format!("{url}: {error}"))),
        Err(_) => return Err(TwilioError::StreamTimeout(url.to_owned())),
    };
    let request = request(&parsed, sign(auth_token.expose_secret(), url, &[]))?;
    let opening = client_async_tls_with_config(request, stream, Some(websocket_config()), None);
    match tokio::time::timeout(PATIENCE, opening).await {
        Ok(Ok((websocket, response))) => {
            let negotiated = [SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL];
            match negotiated.iter().find(|name| response.headers().contains_key(*name)) {
                Some(name) => Err(TwilioError::Handshake(format!("{name} was not offered"))),
                None => Ok(websocket),
            }
        }
        Ok(Err(Error::Http(response))) => {
            Err(TwilioError::Handshake(format!("{url}: HTTP {}", response.status())))
        }
        Ok(Err(Error::Tls(error))) => Err(TwilioError::StreamTls(format!("{url}: {error}"))),
        Ok(Err(error)) => Err(TwilioError::Handshake(format!("{url}: {error}"))),
        Err(_) => Err(TwilioError::StreamTimeout(url.to_owned())),
    }
}

fn is_allowed(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "wss" => true,
        "ws" => matches!(host, "localhost" | "[::1]") || host.starts_with("127."),
        _ => false,
    }
}

fn request(url: &Url, signature: String) -> Result<Request<()>, TwilioError> {
    let name = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    Request::get(url.as_str())
        .header("Host", host)
        .header("User-Agent", "Twilio.TmeWs/1.0")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Key", generate_key())
        .header("Sec-WebSocket-Version", "13")
        .header("x-twilio-signature", signature)
        .body(())
        .map_err(|error| TwilioError::Handshake(format!("{url}: {error}")))
}
