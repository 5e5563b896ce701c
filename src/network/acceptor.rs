//! What a listener needs of a network.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use actors::dialer::ByteStream;

/// A bound address.
pub trait Acceptor: Send {
    fn address(&self) -> SocketAddr;

    /// The next connection, and the address at its other end if there is one. Cancel-safe.
    fn accept(&mut self) -> Accepting<'_>;
}

pub type Accepting<'a> =
    Pin<Box<dyn Future<Output = io::Result<(ByteStream, Option<IpAddr>)>> + Send + 'a>>;
