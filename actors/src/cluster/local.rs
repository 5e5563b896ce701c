//! The cluster in one process: for one daemon, and for several on one database in memory in a simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entities::nodes::{NodeRecord, OrderRecord};
use entities::{Database, RecordsError};
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
    database: Database,
    errand: Errand,
}

impl ErrandLock for LocalLock {
    fn is_held(&mut self) -> BoxFuture<'_, bool> {
        Box::pin(async { reach(&self.database).await.is_ok() })
    }
}

impl Drop for LocalLock {
    fn drop(&mut self) {
        self.hub.shared().errands.remove(&self.errand);
    }
}

/// What is shared counts as kept in the database: who does not reach that does not reach this.
async fn reach(database: &Database) -> Result<(), RecordsError> {
    database.read(|_| async { Ok(()) }).await
}

impl LocalCluster {
    /// Looks at what is shared, or changes it, unless the database can't be reached.
    fn with<'a, T: Send + 'a>(
        &'a self,
        change: impl FnOnce(&mut Shared) -> T + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            reach(&self.database).await?;
            Ok(change(&mut self.hub.shared()))
        })
    }
}

impl Cluster for LocalCluster {
    fn database(&self) -> &Database {
        &self.database
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn beat(&self, node: NodeRecord, _now: Timestamp) -> Answer<'_, Vec<NodeRecord>> {
        self.with(|shared| {
            shared.nodes.insert(node.id, node);
            shared.nodes.values().cloned().collect()
        })
    }

    fn nodes(&self) -> Answer<'_, Vec<NodeRecord>> {
        self.with(|shared| shared.nodes.values().cloned().collect())
    }

    fn leave(&self, node: NodeId) -> Answer<'_, ()> {
        self.with(move |shared| {
            shared.nodes.remove(&node);
            shared.orders.remove(&node);
            shared.bells.remove(&node);
            shared.reports.retain(|(_, of), _| *of != node);
        })
    }

    fn forget_old(&self, _now: Timestamp) -> Answer<'_, ()> {
        // Nothing of a daemon outlives this process.
        Box::pin(ready(Ok(())))
    }

    fn give(&self, order: OrderRecord, _now: Timestamp) -> Answer<'_, ()> {
        self.with(move |shared| {
            let node = order.node;
            let waiting = shared.orders.entry(node).or_default();
            if waiting.len() >= MAX_ORDERS {
                waiting.remove(0);
            }
            waiting.push(order);
            shared.bell(node).notify_one();
        })
    }

    fn orders(&self, node: NodeId) -> Answer<'_, Vec<OrderRecord>> {
        self.with(move |shared| shared.orders.get(&node).cloned().unwrap_or_default())
    }

    fn done(&self, orders: Vec<Uuid>) -> Answer<'_, ()> {
        self.with(move |shared| {
            for waiting in shared.orders.values_mut() {
                waiting.retain(|order| !orders.contains(&order.id));
            }
        })
    }

    fn report(
        &self,
        node: NodeId,
        subject: Subject,
        body: serde_json::Value,
        asker: NodeId,
        _now: Timestamp,
    ) -> Answer<'_, ()> {
        self.with(move |shared| {
            shared.reports.insert((subject, node), body);
            shared.bell(asker).notify_one();
        })
    }

    fn reports(&self, subject: Subject) -> Answer<'_, Vec<(NodeId, serde_json::Value)>> {
        self.with(move |shared| {
            let of_subject = shared.reports.iter().filter(|((of, _), _)| *of == subject);
            of_subject.map(|((_, node), body)| (*node, body.clone())).collect()
        })
    }

    fn rings(&self, node: NodeId) -> BoxFuture<'_, ()> {
        let bell = self.hub.shared().bell(node);
        Box::pin(async move { bell.notified().await })
    }

    fn try_lock(&self, errand: Errand) -> Answer<'_, Option<Box<dyn ErrandLock>>> {
        Box::pin(async move {
            reach(&self.database).await?;
            let taken = self.hub.shared().errands.insert(errand);
            let (hub, database) = (self.hub.clone(), self.database.clone());
            let lock = || LocalLock { hub, database, errand };
            Ok(taken.then(|| Box::new(lock()) as Box<dyn ErrandLock>))
        })
    }
}

#[cfg(test)]
mod tests {
    use entities::{DatabaseFault, FaultExtent, PoolSettings};
    use uuid::Uuid;

    use super::*;

    fn node(number: u128) -> NodeRecord {
        let id = NodeId(Uuid::from_u128(number));
        let url = format!("http://node-{number}");
        NodeRecord { id, url, beat: 1, draining: false, calls: 0, max_calls: 9 }
    }

    #[tokio::test(start_paused = true)]
    async fn res_9_a_node_that_does_not_reach_the_database_reaches_nothing_that_is_shared() {
        let database = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
        let (hub, now) = (LocalHub::default(), Timestamp::UNIX_EPOCH);
        let far = database.of_another_process();
        let one = LocalCluster::among(hub.clone(), far.clone());
        let two = LocalCluster::among(hub, database);
        assert_eq!(two.beat(node(2), now).await.unwrap().len(), 1);
        far.faults().unwrap().set(DatabaseFault::Gone, FaultExtent::Lasting);
        assert!(one.beat(node(1), now).await.is_err());
        assert!(one.orders(node(1).id).await.is_err());
        assert!(one.try_lock(Errand::Sweep).await.is_err());
        assert_eq!(two.beat(node(2), now).await.unwrap().len(), 1, "nobody has seen it");
        far.faults().unwrap().clear();
        assert_eq!(one.beat(node(1), now).await.unwrap().len(), 2);
        let mut lock = one.try_lock(Errand::Sweep).await.unwrap().unwrap();
        assert!(lock.is_held().await);
        far.faults().unwrap().set(DatabaseFault::Gone, FaultExtent::Lasting);
        assert!(!lock.is_held().await);
    }
}
