//! What a network in memory knows: who listens, and what dials and connections meet.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

use super::registry::{Registry, locked};
use super::stream::MemoryStream;
use super::wire::Conditions;

/// The first port that port 0 takes.
const FIRST_PORT: u16 = 49_152;

/// What new dials meet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dials {
    /// How much later a dial succeeds or is refused.
    pub delay: Duration,
    /// Refused, as if nobody listened.
    pub refused: bool,
}

/// What is set on a route.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settings {
    pub(super) dials: Dials,
    pub(super) conditions: Conditions,
}

/// Clones are the same network.
#[derive(Clone)]
pub struct MemoryNetwork(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    registry: Registry,
    /// The settings of a route have changed: dials that wait look again.
    changed: Notify,
}

pub(super) struct State {
    next_port: u16,
    pub(super) listeners: BTreeMap<SocketAddr, mpsc::Sender<MemoryStream>>,
    routes: BTreeMap<SocketAddr, Settings>,
}

impl Default for MemoryNetwork {
    fn default() -> Self {
        let (listeners, routes) = (BTreeMap::new(), BTreeMap::new());
        Self(Arc::new(Shared {
            state: Mutex::new(State { next_port: FIRST_PORT, listeners, routes }),
            registry: Registry::default(),
            changed: Notify::new(),
        }))
    }
}

impl fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryNetwork")
    }
}

impl MemoryNetwork {
    /// Connections of which at least one side has not been dropped.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.0.registry.len()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0.state)
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    pub(super) fn change(&self, to: SocketAddr, change: impl FnOnce(&mut Settings)) {
        change(self.state().routes.entry(to).or_default());
        self.0.changed.notify_waiters();
    }

    /// Waits for the next change of any route, from now on.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }
}

impl State {
    pub(super) fn settings(&self, to: SocketAddr) -> Settings {
        self.routes.get(&to).copied().unwrap_or_default()
    }

    /// The next free port, in place of port 0.
    pub(super) fn free(&mut self, mut address: SocketAddr) -> Option<SocketAddr> {
        for _ in FIRST_PORT..=u16::MAX {
            address.set_port(self.next_port);
            self.next_port = self.next_port.checked_add(1).unwrap_or(FIRST_PORT);
            if !self.listeners.contains_key(&address) {
                return Some(address);
            }
        }
        None
    }
}
