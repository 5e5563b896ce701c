//! The listening side of a [`MemoryNetwork`].

use std::io;
use std::net::SocketAddr;

use actors::dialer::ByteStream;
use practice::transport;
use tokio::sync::mpsc;

use super::state::{Bound, MemoryNetwork};
use super::stream::MemoryStream;
use crate::network::acceptor::{Accepting, Acceptor};

/// The most connections that wait to be accepted. More are refused.
const BACKLOG: usize = 1024;

/// A bound address of a [`MemoryNetwork`].
pub struct MemoryAcceptor {
    network: MemoryNetwork,
    address: SocketAddr,
    /// Of its [`Bound`].
    number: u64,
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
        if state.down.contains(&self.own_host()) {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        if address.port() == 0 {
            address = state.free(address).ok_or(io::ErrorKind::AddrNotAvailable)?;
        }
        if state.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        state.bindings += 1;
        let number = state.bindings;
        let bound = Bound { host: self.own_host(), number, backlog: sender };
        state.listeners.insert(address, bound);
        Ok(MemoryAcceptor { network: self.clone(), address, number, backlog })
    }
}

impl Acceptor for MemoryAcceptor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async { Ok((ByteStream::new(self.next().await?), None)) })
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
        // The network holds the sender as long as the address is bound. A host that was taken down waits for ever.
        match self.backlog.recv().await {
            Some(stream) => Ok(stream),
            None => std::future::pending().await,
        }
    }
}

impl Drop for MemoryAcceptor {
    fn drop(&mut self) {
        let mut state = self.network.state();
        // If its host was taken down, another may have bound the address since.
        if state.listeners.get(&self.address).is_some_and(|bound| bound.number == self.number) {
            state.listeners.remove(&self.address);
        }
    }
}
