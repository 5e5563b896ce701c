//! The server around the sessions: accepts sockets and memory links, and injects faults.

mod connection;
mod options;
mod session_loop;
mod shared;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};

use super::behaviour::{Behaviour, ConnectRefusal, LinkFault, ResponseFault};
use super::record::Log;
use super::session::Handshake;
use crate::transport::{Acceptor, TcpAcceptor};
use connection::Connection;
use shared::{Command, Shared};

pub use connection::{Frame, MemoryLink};
pub use options::Options;

/// A running server. Dropping it drops all connections.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: Option<SocketAddr>,
    acceptor: Option<JoinHandle<()>>,
}

/// Injects faults into a running server. Clones control the same server.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Shared>);

impl Server {
    /// A server without a socket, reached by [`Server::connect`]. It also runs under paused time.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        Self { shared: Arc::new(Shared::new(options)), address: None, acceptor: None }
    }

    /// A server on this address. Must be called on a tokio runtime.
    #[must_use]
    pub fn start(acceptor: Box<dyn Acceptor>, options: Options) -> Self {
        let address = acceptor.address();
        let shared = Arc::new(Shared::new(options));
        let acceptor = tokio::spawn(accept(acceptor, Arc::clone(&shared)));
        Self { shared, address: Some(address), acceptor: Some(acceptor) }
    }

    /// A server on a free TCP port of loopback.
    ///
    /// # Errors
    /// No port is free.
    pub async fn on_loopback(options: Options) -> io::Result<Self> {
        Ok(Self::start(Box::new(TcpAcceptor::on_loopback().await?), options))
    }

    /// Where it listens; `None` for a server without a socket.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The URL of the Realtime API, without a query; empty for a server in memory.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.map_or_else(String::new, |address| format!("ws://{address}/v1/realtime"))
    }

    #[must_use]
    pub fn log(&self) -> &Log {
        &self.shared.log
    }

    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults(Arc::clone(&self.shared))
    }

    /// Connects in memory.
    ///
    /// # Errors
    /// The HTTP status of a refused upgrade.
    pub fn connect(&self, handshake: Handshake) -> Result<MemoryLink, u16> {
        let refusal = self.shared.next_refusal();
        if let Some(ConnectRefusal::Http(status)) = refusal {
            return Err(status);
        }
        let (link, connection) = connection::in_memory();
        tokio::spawn(session_loop::run(
            Arc::clone(&self.shared),
            &handshake,
            refusal,
            Connection::Memory(connection),
        ));
        Ok(link)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.command(Command::Drop);
        if let Some(acceptor) = &self.acceptor {
            acceptor.abort();
        }
    }
}

impl Faults {
    /// Drops every connection without a close frame.
    pub fn drop_now(&self) {
        self.0.command(Command::Drop);
    }

    /// Makes the link of every living session fail.
    pub fn fail_links(&self, fault: LinkFault) {
        self.0.command(Command::FailLink(fault));
    }

    /// Makes every living session stop reading and writing. Sockets stay open.
    pub fn stall(&self) {
        self.0.command(Command::Stall);
    }

    /// Ends a stall.
    pub fn go_on(&self) {
        self.0.command(Command::GoOn);
    }

    /// Ends every living session as if it had reached its longest duration.
    pub fn expire(&self) {
        self.0.command(Command::Expire);
    }

    /// Sends an event to every living session.
    pub fn inject(&self, event: Value) {
        self.0.command(Command::Inject(event));
    }

    /// Makes the next response of every living session fail.
    pub fn fault_next_response(&self, fault: ResponseFault) {
        self.0.command(Command::FaultNextResponse(fault));
    }

    /// Refuses the next connections.
    pub fn refuse_next(&self, refusal: ConnectRefusal, connections: usize) {
        self.0.refusals().extend(std::iter::repeat_n(refusal, connections));
    }

    /// Changes the behaviour, also of living sessions.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.0.behaviour.send_modify(change);
    }
}

async fn accept(mut acceptor: Box<dyn Acceptor>, shared: Arc<Shared>) {
    let mut sessions = JoinSet::new();
    loop {
        let stream = match acceptor.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "the practice server could not take a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while sessions.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        sessions.spawn(async move {
            let refusal = shared.next_refusal();
            match connection::upgrade(stream, refusal).await {
                Ok((socket, handshake)) => {
                    session_loop::run(
                        shared,
                        &handshake,
                        refusal,
                        Connection::Socket(Box::new(socket)),
                    )
                    .await;
                }
                Err(error) => tracing::debug!(%error, "no session came of a connection"),
            }
        });
    }
}
