//! The listening side of a [`MemoryNetwork`].

use std::io;
use std::net::SocketAddr;

use actors::dialer::ByteStream;
use practice::transport;
use tokio::sync::mpsc;

use super::state::MemoryNetwork;
use super::stream::MemoryStream;
use crate::network::acceptor::{Accepting, Acceptor};

/// The most connections that wait to be accepted. More are refused.
const BACKLOG: usize = 1024;

/// A bound address of a [`MemoryNetwork`].
pub struct MemoryAcceptor {
    network: MemoryNetwork,
    address: SocketAddr,
    backlog: mpsc::Receiver<MemoryStream>,
}

impl MemoryNetwork {
    /// Binds an address. Port 0 takes the next free port.
    ///
    /// # Errors
    /// The address is taken, or all ports are.
    pub fn bind(&self, mut address: SocketAddr) -> io::Result<MemoryAcceptor> {
        let (sender, backlog) = mpsc::channel(BACKLOG);
        let mut state = self.state();
        if address.port() == 0 {
            address = state.free(address).ok_or(io::ErrorKind::AddrNotAvailable)?;
        }
        if state.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        state.listeners.insert(address, sender);
        Ok(MemoryAcceptor { network: self.clone(), address, backlog })
    }
}

impl Acceptor for MemoryAcceptor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async { Ok(ByteStream::new(self.next().await?)) })
    }
}

impl transport::Acceptor for MemoryAcceptor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> transport::Opening<'_> {
        Box::pin(async { Ok(Box::pin(self.next().await?) as transport::BoxedStream) })
    }
}

impl MemoryAcceptor {
    async fn next(&mut self) -> io::Result<MemoryStream> {
        // The network holds the sender as long as the address is bound.
        self.backlog.recv().await.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for MemoryAcceptor {
    fn drop(&mut self) {
        self.network.state().listeners.remove(&self.address);
    }
}
