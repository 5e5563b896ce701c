//! The network that the daemon, and in a simulation the practice world, run on: TCP, or one in
//! memory (`memory`).

mod acceptor;
#[cfg(feature = "practice")]
pub mod memory;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actors::dialer::{ByteStream, Dialer, GuardedDialer, TcpDialer, public_dialer, tls_config};
use actors::http_client::Connections;
#[cfg(feature = "practice")]
use memory::{MemoryDialer, MemoryNetwork};
#[cfg(feature = "practice")]
use practice::transport;
use tokio::net::TcpListener;

pub use acceptor::{Accepting, Acceptor};

#[derive(Debug, Clone)]
pub enum Network {
    Tcp,
    #[cfg(feature = "practice")]
    Memory(MemoryNetwork),
}

impl Network {
    /// Binds an address. Port 0 takes a free port.
    ///
    /// # Errors
    /// The address is taken, or is not this machine's.
    pub async fn bind(&self, address: SocketAddr) -> io::Result<Box<dyn Acceptor>> {
        match self {
            Self::Tcp => {
                let listener = TcpListener::bind(address).await?;
                Ok(Box::new(TcpAcceptor { address: listener.local_addr()?, listener }))
            }
            #[cfg(feature = "practice")]
            Self::Memory(network) => Ok(Box::new(network.bind(address)?)),
        }
    }

    /// The dialer of the daemon's clients, with TLS. `patience` is how long a dial may take.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn dialer(&self, patience: Duration) -> Result<Arc<dyn Dialer>, rustls::Error> {
        Ok(match self {
            Self::Tcp => Arc::new(TcpDialer::new(tls_config()?, patience)),
            #[cfg(feature = "practice")]
            Self::Memory(network) => Arc::new(MemoryDialer::new(network.clone(), patience)),
        })
    }

    /// The dialer of requests to addresses that businesses choose.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn guarded_dialer(
        &self,
        patience: Duration,
        allow_private: bool,
    ) -> Result<Arc<dyn Dialer>, rustls::Error> {
        let inner: Arc<dyn Dialer> = if matches!(self, Self::Tcp) && !allow_private {
            Arc::new(public_dialer(tls_config()?, patience))
        } else {
            self.dialer(patience)?
        };
        Ok(Arc::new(GuardedDialer::new(inner, allow_private)))
    }

    /// What HTTP clients do with their connections. A pool chooses among those that are ready, which
    /// depends on more than a simulation's seed.
    #[must_use]
    pub fn http_connections(&self) -> Connections {
        match self {
            Self::Tcp => Connections::Kept,
            #[cfg(feature = "practice")]
            Self::Memory(_) => Connections::Closed,
        }
    }
}

#[cfg(feature = "practice")]
impl Network {
    /// A dialer without TLS.
    #[must_use]
    pub fn plain_dialer(&self, patience: Duration) -> Arc<dyn Dialer> {
        match self {
            Self::Tcp => Arc::new(TcpDialer::without_tls(patience)),
            Self::Memory(network) => Arc::new(MemoryDialer::new(network.clone(), patience)),
        }
    }

    /// The dialer of the practice world.
    #[must_use]
    pub fn practice_dialer(&self) -> Arc<dyn transport::Dialer> {
        match self {
            Self::Tcp => Arc::new(transport::TcpDialer),
            Self::Memory(network) => Arc::new(network.clone()),
        }
    }

    /// A free address on loopback for a server of the practice world.
    ///
    /// # Errors
    /// No port is free.
    pub async fn practice_acceptor(&self) -> io::Result<Box<dyn transport::Acceptor>> {
        match self {
            Self::Tcp => Ok(Box::new(transport::TcpAcceptor::on_loopback().await?)),
            Self::Memory(network) => {
                Ok(Box::new(network.bind((std::net::Ipv4Addr::LOCALHOST, 0).into())?))
            }
        }
    }
}

struct TcpAcceptor {
    listener: TcpListener,
    address: SocketAddr,
}

impl Acceptor for TcpAcceptor {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async {
            let (stream, peer) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            Ok((ByteStream::new(stream), Some(peer.ip())))
        })
    }
}
