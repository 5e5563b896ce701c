//! The faults of a [`MemoryNetwork`], addressed by who is dialed.

use std::net::SocketAddr;

use super::registry::{SharedWire, locked, now};
use super::state::{Dials, MemoryNetwork, Settings};
use super::wire::Conditions;

/// All connections that are dialed to one address.
#[derive(Debug, Clone)]
pub struct Route {
    network: MemoryNetwork,
    to: SocketAddr,
}

/// An open connection.
pub struct Connection(SharedWire);

impl MemoryNetwork {
    /// All connections that are dialed to this address. Nobody needs to listen there yet.
    #[must_use]
    pub fn route(&self, to: SocketAddr) -> Route {
        Route { network: self.clone(), to }
    }
}

impl Route {
    pub fn set_dials(&self, dials: Dials) {
        self.change(|settings| settings.dials = dials);
    }

    /// Sets what connections meet that are opened from now on. While nothing passes, dials wait.
    pub fn set_new(&self, conditions: Conditions) {
        self.change(|settings| settings.conditions = conditions);
    }

    /// Sets what the open connections meet.
    pub fn set_open(&self, conditions: Conditions) {
        for connection in self.connections() {
            connection.set(conditions);
        }
    }

    /// Resets the open connections.
    pub fn reset(&self) {
        for connection in self.connections() {
            connection.reset();
        }
    }

    /// The open connections, in order of dialing.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.network.registry().to(self.to).into_iter().map(Connection).collect()
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) {
        self.network.change(self.to, change);
    }
}

impl Connection {
    pub fn set(&self, conditions: Conditions) {
        let wakers = locked(&self.0).set(conditions, now());
        wakers.wake();
    }

    /// Both sides' reads and writes fail with `ConnectionReset`. What was not read yet is lost.
    pub fn reset(&self) {
        let wakers = locked(&self.0).reset();
        wakers.wake();
    }
}
