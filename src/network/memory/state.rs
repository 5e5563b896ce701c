//! What a network in memory knows: who listens, and what dials and connections meet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};

use super::registry::{Host, Registry, locked};
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

/// The network, as one of its hosts sees it. Clones are the same host of the same network.
#[derive(Clone)]
pub struct MemoryNetwork {
    shared: Arc<Shared>,
    host: Host,
}

/// A bound address.
pub(super) struct Bound {
    pub(super) host: Host,
    /// No other binding has it.
    pub(super) number: u64,
    pub(super) backlog: mpsc::Sender<MemoryStream>,
}

struct Shared {
    state: Mutex<State>,
    registry: Registry,
    /// The settings of a route have changed: dials that wait look again.
    changed: Notify,
}

pub(super) struct State {
    next_port: u16,
    next_host: u32,
    pub(super) bindings: u64,
    pub(super) listeners: BTreeMap<SocketAddr, Bound>,
    pub(super) down: BTreeSet<Host>,
    routes: BTreeMap<SocketAddr, Settings>,
}

impl Default for MemoryNetwork {
    fn default() -> Self {
        let state = State {
            next_port: FIRST_PORT,
            next_host: 1,
            bindings: 0,
            listeners: BTreeMap::new(),
            down: BTreeSet::new(),
            routes: BTreeMap::new(),
        };
        let (state, registry) = (Mutex::new(state), Registry::default());
        let shared = Shared { state, registry, changed: Notify::new() };
        Self { shared: Arc::new(shared), host: Host::default() }
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
        self.shared.registry.len()
    }

    /// The same network, as a new host sees it.
    #[must_use]
    pub fn new_host(&self) -> Self {
        let mut state = self.state();
        let host = Host(state.next_host);
        state.next_host += 1;
        drop(state);
        Self { shared: Arc::clone(&self.shared), host }
    }

    /// Cuts this host off for good, as when its process is killed: its connections are reset, nobody listens at
    /// its addresses, and its dials are refused.
    pub fn take_down(&self) {
        let mut state = self.state();
        state.down.insert(self.host);
        state.listeners.retain(|_, bound| bound.host != self.host);
        drop(state);
        self.registry().reset_of(self.host);
        self.shared.changed.notify_waiters();
    }

    pub(super) fn own_host(&self) -> Host {
        self.host
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.shared.state)
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    pub(super) fn change(&self, to: SocketAddr, change: impl FnOnce(&mut Settings)) {
        change(self.state().routes.entry(to).or_default());
        self.shared.changed.notify_waiters();
    }

    /// Waits for the next change of any route, from now on.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.shared.changed.notified()
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
