//! The cluster in one process: for one daemon, and for several on one database in memory in a simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entities::Database;
use entities::nodes::{NodeRecord, OrderRecord};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use protocol::ids::NodeId;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Answer, Cluster, Errand, ErrandLock, Subject};

/// The most orders that wait for one node. Past it the oldest go.
const MAX_ORDERS: usize = 1024;

/// What the daemons of one process share. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct LocalHub(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    nodes: BTreeMap<NodeId, NodeRecord>,
    orders: BTreeMap<NodeId, Vec<OrderRecord>>,
    reports: BTreeMap<(Subject, NodeId), serde_json::Value>,
    bells: BTreeMap<NodeId, Arc<Notify>>,
    errands: BTreeSet<Errand>,
}

impl LocalHub {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn bell(&mut self, node: NodeId) -> Arc<Notify> {
        Arc::clone(self.bells.entry(node).or_default())
    }
}

/// Daemons of one process, or a single one.
#[derive(Debug)]
pub struct LocalCluster {
    database: Database,
    hub: LocalHub,
    is_shared: bool,
}

impl LocalCluster {
    /// One daemon alone on its database.
    #[must_use]
    pub fn alone(database: Database) -> Self {
        Self { database, hub: LocalHub::default(), is_shared: false }
    }

    /// A daemon among those of the hub, which are on the same database.
    #[must_use]
    pub fn among(hub: LocalHub, database: Database) -> Self {
        Self { database, hub, is_shared: true }
    }
}

/// Held while it lives.
#[derive(Debug)]
struct LocalLock {
    hub: LocalHub,
    errand: Errand,
}

impl ErrandLock for LocalLock {
    fn is_held(&mut self) -> BoxFuture<'_, bool> {
        Box::pin(ready(true))
    }
}

impl Drop for LocalLock {
    fn drop(&mut self) {
        self.hub.shared().errands.remove(&self.errand);
    }
}

fn done<'a, T: Send + 'a>(answer: T) -> Answer<'a, T> {
    Box::pin(ready(Ok(answer)))
}

impl Cluster for LocalCluster {
    fn database(&self) -> &Database {
        &self.database
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn beat(&self, node: NodeRecord, _now: Timestamp) -> Answer<'_, Vec<NodeRecord>> {
        let mut shared = self.hub.shared();
        shared.nodes.insert(node.id, node);
        done(shared.nodes.values().cloned().collect())
    }

    fn leave(&self, node: NodeId) -> Answer<'_, ()> {
        let mut shared = self.hub.shared();
        shared.nodes.remove(&node);
        shared.orders.remove(&node);
        shared.bells.remove(&node);
        shared.reports.retain(|(_, of), _| *of != node);
        done(())
    }

    fn forget_old(&self, _now: Timestamp) -> Answer<'_, ()> {
        // Nothing of a daemon outlives this process.
        done(())
    }

    fn give(&self, order: OrderRecord, _now: Timestamp) -> Answer<'_, ()> {
        let mut shared = self.hub.shared();
        let node = order.node;
        let waiting = shared.orders.entry(node).or_default();
        if waiting.len() >= MAX_ORDERS {
            waiting.remove(0);
        }
        waiting.push(order);
        shared.bell(node).notify_one();
        done(())
    }

    fn orders(&self, node: NodeId) -> Answer<'_, Vec<OrderRecord>> {
        done(self.hub.shared().orders.get(&node).cloned().unwrap_or_default())
    }

    fn done(&self, orders: Vec<Uuid>) -> Answer<'_, ()> {
        for waiting in self.hub.shared().orders.values_mut() {
            waiting.retain(|order| !orders.contains(&order.id));
        }
        done(())
    }

    fn report(
        &self,
        node: NodeId,
        subject: Subject,
        body: serde_json::Value,
        asker: NodeId,
        _now: Timestamp,
    ) -> Answer<'_, ()> {
        let mut shared = self.hub.shared();
        shared.reports.insert((subject, node), body);
        shared.bell(asker).notify_one();
        done(())
    }

    fn reports(&self, subject: Subject) -> Answer<'_, Vec<(NodeId, serde_json::Value)>> {
        let shared = self.hub.shared();
        let of_subject = shared.reports.iter().filter(|((of, _), _)| *of == subject);
        done(of_subject.map(|((_, node), body)| (*node, body.clone())).collect())
    }

    fn rings(&self, node: NodeId) -> BoxFuture<'_, ()> {
        let bell = self.hub.shared().bell(node);
        Box::pin(async move { bell.notified().await })
    }

    fn try_lock(&self, errand: Errand) -> Answer<'_, Option<Box<dyn ErrandLock>>> {
        let taken = self.hub.shared().errands.insert(errand);
        let lock = || LocalLock { hub: self.hub.clone(), errand };
        done(taken.then(|| Box::new(lock()) as Box<dyn ErrandLock>))
    }
}
