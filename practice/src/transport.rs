//! How the simulators reach the daemon, and how it reaches them: over TCP, or as another [`Dialer`]
//! and [`Acceptor`] do.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// One side of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Send {
    /// Makes dropping the stream reset the connection, in place of closing it.
    fn reset_on_drop(&self);
}

pub type BoxedStream = Pin<Box<dyn Stream>>;

/// A stream that is being opened or awaited.
pub type Opening<'a> = Pin<Box<dyn Future<Output = io::Result<BoxedStream>> + Send + 'a>>;

/// Opens connections: over TCP, or in memory in a simulation.
pub trait Dialer: Debug + Send + Sync {
    /// Opens a connection to this host. Whoever needs TLS puts it on top.
    fn dial(&self, host: &str, port: u16) -> Opening<'static>;
}

/// Takes connections at one address: of a socket, or in memory.
pub trait Acceptor: Send {
    fn address(&self) -> SocketAddr;

    /// The next connection. Cancel-safe.
    fn accept(&mut self) -> Opening<'_>;
}

/// How the simulators' WebSockets read. The buffer is cleared before each read, and messages are small.
pub(crate) fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(8 * 1024)
}

#[derive(Debug, Clone, Copy, Default)]
pub struct TcpDialer;

impl Dialer for TcpDialer {
    fn dial(&self, host: &str, port: u16) -> Opening<'static> {
        let host = host.to_owned();
        Box::pin(async move { without_delay(TcpStream::connect((host, port)).await?) })
    }
}

#[derive(Debug)]
pub struct TcpAcceptor {
    listener: TcpListener,
    address: SocketAddr,
}

impl TcpAcceptor {
    /// # Errors
    /// The listener has no address.
    pub fn new(listener: TcpListener) -> io::Result<Self> {
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// No port is free.
    pub async fn on_loopback() -> io::Result<Self> {
        Self::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
    }
}

impl Acceptor for TcpAcceptor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> Opening<'_> {
        Box::pin(async { without_delay(self.listener.accept().await?.0) })
    }
}

impl Stream for TcpStream {
    fn reset_on_drop(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::debug!(%error, "a connection will be closed, not reset");
        }
    }
}

fn without_delay(tcp: TcpStream) -> io::Result<BoxedStream> {
    tcp.set_nodelay(true)?;
    Ok(Box::pin(tcp))
}
