//! Opens WebSockets, and reads the heads of HTTP messages for that.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The longest head of a request or response.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The head of a request or response.
pub(in crate::bench) struct Head {
    text: String,
    /// What was read behind it.
    pub(in crate::bench) rest: Vec<u8>,
}

impl Head {
    pub(in crate::bench) async fn read(io: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = bytes.split_off(at + 4);
                return Ok(Self { text: String::from_utf8_lossy(&bytes).into_owned(), rest });
            }
            if bytes.len() > MAX_HEAD_BYTES || io.read_buf(&mut bytes).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no head of a message"));
            }
        }
    }

    /// The first line.
    pub(in crate::bench) fn line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    pub(in crate::bench) fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.text.lines().filter_map(|line| line.split_once(':'));
        let mut named = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }
}

/// Asks a server to speak WebSocket. Returns what it has sent behind its answer.
pub(in crate::bench) async fn ask<S>(
    io: &mut S,
    host: &str,
    path: &str,
    signature: Option<&str>,
) -> io::Result<Vec<u8>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let signed = signature.map(|it| format!("X-Twilio-Signature: {it}\r\n")).unwrap_or_default();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{signed}\r\n"
    );
    io.write_all(request.as_bytes()).await?;
    let head = Head::read(io).await?;
    if head.line().split(' ').nth(1) == Some("101") {
        return Ok(head.rest);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("no WebSocket: {}", head.line())))
}

/// Agrees to speak WebSocket, if that is what the request asks for.
pub(in crate::bench) async fn answer(
    io: &mut (impl AsyncWrite + Unpin),
    request: &Head,
) -> io::Result<()> {
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let accept = derive_accept_key(key.as_bytes());
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    io.write_all(response.as_bytes()).await
}
