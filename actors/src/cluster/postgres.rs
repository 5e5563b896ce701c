//! The cluster in PostgreSQL: rows, notifications, advisory locks.

use std::time::Duration;

use entities::nodes::{Doorbell, Lock, NodeRecord, OrderRecord};
use entities::{Database, nodes};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use protocol::ids::NodeId;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Answer, Cluster, Errand, ErrandLock, Subject};

/// How long the connection for notifications may take, and the pause after it was lost.
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Daemons that share a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresCluster {
    database: Database,
    /// `None` until it is connected, and after the connection was lost.
    doorbell: Mutex<Option<Doorbell>>,
}

impl PostgresCluster {
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, doorbell: Mutex::default() }
    }
}

impl ErrandLock for Lock {
    fn is_held(&mut self) -> BoxFuture<'_, bool> {
        Box::pin(async move { timeout(PATIENCE, Self::is_held(self)).await.unwrap_or(false) })
    }
}

impl Cluster for PostgresCluster {
    fn database(&self) -> &Database {
        &self.database
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn beat(&self, node: NodeRecord, now: Timestamp) -> Answer<'_, Vec<NodeRecord>> {
        Box::pin(nodes::beat(&self.database, node, now))
    }

    fn nodes(&self) -> Answer<'_, Vec<NodeRecord>> {
        Box::pin(nodes::all(&self.database))
    }

    fn leave(&self, node: NodeId) -> Answer<'_, ()> {
        Box::pin(nodes::leave(&self.database, node))
    }

    fn forget_old(&self, now: Timestamp) -> Answer<'_, ()> {
        Box::pin(nodes::forget_old(&self.database, now))
    }

    fn give(&self, order: OrderRecord, now: Timestamp) -> Answer<'_, ()> {
        Box::pin(nodes::give(&self.database, order, now))
    }

    fn orders(&self, node: NodeId) -> Answer<'_, Vec<OrderRecord>> {
        Box::pin(nodes::orders(&self.database, node))
    }

    fn done(&self, orders: Vec<Uuid>) -> Answer<'_, ()> {
        Box::pin(nodes::done(&self.database, orders))
    }

    fn report(
        &self,
        node: NodeId,
        subject: Subject,
        body: serde_json::Value,
        asker: NodeId,
        now: Timestamp,
    ) -> Answer<'_, ()> {
        Box::pin(nodes::report(&self.database, node, subject.as_str(), body, asker, now))
    }

    fn reports(&self, subject: Subject) -> Answer<'_, Vec<(NodeId, serde_json::Value)>> {
        Box::pin(nodes::reports(&self.database, subject.as_str()))
    }

    fn rings(&self, node: NodeId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut doorbell = self.doorbell.lock().await;
            loop {
                if let Some(listening) = doorbell.as_mut() {
                    match listening.rings().await {
                        Ok(()) => return,
                        Err(error) => {
                            tracing::warn!(%error, "the connection for notifications is lost");
                            *doorbell = None;
                        }
                    }
                }
                match timeout(PATIENCE, Doorbell::listen(&self.database, node)).await {
                    Ok(Ok(listening)) => {
                        *doorbell = Some(listening);
                        // What was rung before is in the rows.
                        return;
                    }
                    // A database that is away is told of elsewhere.
                    Ok(Err(_)) | Err(_) => sleep(RETRY_PAUSE).await,
                }
            }
        })
    }

    fn try_lock(&self, errand: Errand) -> Answer<'_, Option<Box<dyn ErrandLock>>> {
        Box::pin(async move {
            let lock = Lock::try_take(&self.database, errand.key()).await?;
            Ok(lock.map(|lock| Box::new(lock) as Box<dyn ErrandLock>))
        })
    }
}
