//! The open connections of a [`MemoryNetwork`](super::MemoryNetwork).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::wire::Wire;

/// A machine of the network, or a process that can be killed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host(pub(super) u32);

pub(super) type SharedWire = Arc<Mutex<Wire>>;

/// The address that was dialed, and the connection's number in order of dialing.
pub(super) type Id = (SocketAddr, u64);

/// Connections of which a side is held. Clones are the same registry.
#[derive(Clone, Default)]
pub(super) struct Registry(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    dialed: u64,
    wires: BTreeMap<Id, Connected>,
}

struct Connected {
    wire: SharedWire,
    /// Who has dialed, and who was dialed.
    hosts: [Host; 2],
}

impl Registry {
    pub(super) fn add(&self, to: SocketAddr, wire: SharedWire, hosts: [Host; 2]) -> Id {
        let mut open = locked(&self.0);
        let id = (to, open.dialed);
        open.dialed += 1;
        open.wires.insert(id, Connected { wire, hosts });
        id
    }

    pub(super) fn remove(&self, id: &Id) {
        locked(&self.0).wires.remove(id);
    }

    /// The connections to this address, in order of dialing.
    pub(super) fn to(&self, to: SocketAddr) -> Vec<SharedWire> {
        let open = locked(&self.0);
        let those = open.wires.range((to, 0)..=(to, u64::MAX));
        those.map(|(_, connected)| Arc::clone(&connected.wire)).collect()
    }

    /// Resets the connections of a host.
    pub(super) fn reset_of(&self, host: Host) {
        let open = locked(&self.0);
        let its = open.wires.values().filter(|connected| connected.hosts.contains(&host));
        let its: Vec<_> = its.map(|connected| Arc::clone(&connected.wire)).collect();
        drop(open);
        for wire in its {
            let wakers = locked(&wire).reset();
            wakers.wake();
        }
    }

    pub(super) fn len(&self) -> usize {
        locked(&self.0).wires.len()
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only place where the network in memory reads the clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
