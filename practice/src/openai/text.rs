//! The simulated text model: `POST /v1/responses`, without streaming and with nothing kept.
//!
//! A request is checked as the API checks it, a [`Brain`](super::Brain) decides what the model says, and the answer has
//! the form that the request asks for. Anything can be made to go wrong: [`TextFault`].

mod answer;
mod faults;
mod input;
mod record;
mod request;
mod server;
mod shared;
mod strict;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::task::JoinHandle;

use super::wire::Ids;
use crate::transport::{Acceptor, TcpAcceptor};

pub use faults::TextFault;
pub use record::{TextLog, TextRecord, TextTurn, TextViolation};
pub use shared::TextOptions;
use shared::{Shared, locked};

/// A running text model. Dropping it drops all connections.
#[derive(Debug)]
pub struct TextServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// Injects faults into a running text model. Clones control the same one.
#[derive(Debug, Clone)]
pub struct TextFaults(Arc<Shared>);

impl TextServer {
    /// A text model on this address. Must be called on a tokio runtime.
    #[must_use]
    pub fn start(acceptor: Box<dyn Acceptor>, options: TextOptions) -> Self {
        let address = acceptor.address();
        let shared = Arc::new(Shared {
            ids: Mutex::new(Ids::new(options.seed)),
            options,
            log: TextLog::default(),
            faults: Mutex::default(),
            always: Mutex::default(),
        });
        let task = tokio::spawn(server::serve(Arc::clone(&shared), acceptor));
        Self { shared, address, task }
    }

    /// A text model on a free TCP port of loopback.
    ///
    /// # Errors
    /// No port is free.
    pub async fn on_loopback(options: TextOptions) -> std::io::Result<Self> {
        Ok(Self::start(Box::new(TcpAcceptor::on_loopback().await?), options))
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the Responses API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1/responses", self.address)
    }

    #[must_use]
    pub fn log(&self) -> &TextLog {
        &self.shared.log
    }

    #[must_use]
    pub fn faults(&self) -> TextFaults {
        TextFaults(Arc::clone(&self.shared))
    }
}

impl Drop for TextServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TextFaults {
    /// Adds faults for the next requests, one each.
    pub fn next(&self, faults: impl IntoIterator<Item = TextFault>) {
        locked(&self.0.faults).extend(faults);
    }

    /// Sets the fault of every request that no other fault is meant for.
    pub fn always(&self, fault: TextFault) {
        *locked(&self.0.always) = fault;
    }
}
