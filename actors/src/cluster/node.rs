//! This daemon among the others on its database.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entities::RecordsError;
use entities::calls::{self, CallLease};
use entities::nodes::{NodeRecord, OrderRecord};
use protocol::ids::{BusinessId, CallSid, Fence, NodeId};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::others::{Life, Others};
use super::{Cluster, Order};
use crate::chance::Chance;
use crate::clock::Clock;

/// How often a node writes its entry of the registry, and reads its orders without being rung for.
pub const BEAT_EVERY: Duration = Duration::from_secs(3);
/// A node that has not reached the database for so long counts itself as cut off.
const OUT_OF_TOUCH_AFTER: Duration = Duration::from_secs(8);
/// How long the database may take to say whether a call is still this node's.
const PATIENCE: Duration = Duration::from_secs(2);
/// Calls that the database says others have, until they are let go.
const MAX_LOST: usize = 4096;

/// What a node is from its start.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// `server.node_url`.
    pub url: String,
    /// The most calls at once, at the start: [`Node::set_max_calls`].
    pub max_calls: u32,
}

/// This daemon among the others. Cheap to clone.
#[derive(Clone)]
pub struct Node(Arc<Shared>);

struct Shared {
    id: NodeId,
    settings: NodeSettings,
    /// As the operator last set it.
    max_calls: AtomicU32,
    cluster: Arc<dyn Cluster>,
    clock: Clock,
    chance: Chance,
    known: Mutex<Known>,
    /// Wakes whoever carries out orders.
    woken: Notify,
    /// Wakes whoever lets calls go.
    losing: Notify,
    /// Wakes those who wait for reports.
    reported: Notify,
}

struct Known {
    beat: u64,
    draining: bool,
    others: Others,
    /// Calls that others have taken over, and the newest number under which this node has lost each.
    lost: BTreeMap<CallSid, Fence>,
}

/// A node, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    pub id: NodeId,
    /// Its `server.node_url`.
    pub node: String,
    pub draining: bool,
    pub calls: u32,
    pub max_calls: u32,
    /// Whether it is the node that answers.
    pub here: bool,
    /// Whether its entry of the registry still changes.
    pub alive: bool,
}

/// Whose a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Ours,
    /// Another node has taken it over.
    Lost,
    /// The database did not answer.
    Unknown,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.0.id).field(&self.0.settings.url).finish()
    }
}

impl Node {
    /// A new node: no process has the id of another.
    #[must_use]
    pub fn new(
        settings: NodeSettings,
        cluster: Arc<dyn Cluster>,
        clock: Clock,
        chance: &Chance,
    ) -> Self {
        // So that ids of rows do not depend on whether there is a cluster.
        let chance = Chance::seeded(chance.seed_for("node"));
        let known = Known {
            beat: 0,
            draining: false,
            others: Others::new(clock.now()),
            lost: BTreeMap::new(),
        };
        Self(Arc::new(Shared {
            id: NodeId(chance.new_id(clock.wall())),
            max_calls: AtomicU32::new(settings.max_calls),
            settings,
            cluster,
            clock,
            chance,
            known: Mutex::new(known),
            woken: Notify::new(),
            losing: Notify::new(),
            reported: Notify::new(),
        }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn id(&self) -> NodeId {
        self.0.id
    }

    /// `server.node_url`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.settings.url
    }

    #[must_use]
    pub fn cluster(&self) -> &Arc<dyn Cluster> {
        &self.0.cluster
    }

    /// Whether other daemons can be on the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.cluster.is_shared()
    }

    /// The lease of a call that this node answers first.
    #[must_use]
    pub fn first_lease(&self) -> CallLease {
        CallLease { node: self.0.id, fence: Fence::FIRST }
    }

    /// This node takes no more calls. Others learn of it with the next beat.
    pub fn start_draining(&self) {
        self.known().draining = true;
        self.0.woken.notify_one();
    }

    /// The others learn of the new limit with the next beat.
    pub fn set_max_calls(&self, most: u32) {
        self.0.max_calls.store(most, Ordering::Relaxed);
    }

    /// Writes this node's entry, and learns of the others.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn beat(&self, calls: usize) -> Result<(), RecordsError> {
        let record = {
            let mut known = self.known();
            known.beat += 1;
            NodeRecord {
                id: self.0.id,
                url: self.0.settings.url.clone(),
                beat: known.beat,
                draining: known.draining,
                calls: u32::try_from(calls).unwrap_or(u32::MAX),
                max_calls: self.0.max_calls.load(Ordering::Relaxed),
            }
        };
        let all = self.0.cluster.beat(record, self.0.clock.wall()).await?;
        self.known().others.read(all, self.0.id, self.0.clock.now());
        Ok(())
    }

    /// Learns of the others without waiting for the next beat.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn look_around(&self) -> Result<(), RecordsError> {
        let all = self.0.cluster.nodes().await?;
        self.known().others.read(all, self.0.id, self.0.clock.now());
        Ok(())
    }

    /// Whether this node has reached the database lately. A node that is alone needs nobody's word.
    #[must_use]
    pub fn is_in_touch(&self) -> bool {
        let now = self.0.clock.now();
        !self.is_shared() || self.known().others.read_at() + OUT_OF_TOUCH_AFTER > now
    }

    /// What is known of a node. A node that is alone on its database has outlived all others.
    #[must_use]
    pub fn life_of(&self, node: NodeId) -> Life {
        if node == self.0.id {
            return Life::Alive;
        }
        if !self.is_shared() {
            return Life::Dead;
        }
        self.known().others.life_of(node, self.url(), self.0.clock.now())
    }

    /// Whether the node is this one, or its entry still changes.
    #[must_use]
    pub fn is_alive(&self, node: NodeId) -> bool {
        self.life_of(node) == Life::Alive
    }

    /// The nodes that have died: their entries change no more. An earlier process of this node is believed dead
    /// sooner than another node.
    #[must_use]
    pub fn dead(&self) -> Vec<NodeId> {
        self.known().others.died(self.url(), self.0.clock.now())
    }

    /// The URL of another node that is alive.
    #[must_use]
    pub fn url_of(&self, node: NodeId) -> Option<String> {
        let now = self.0.clock.now();
        let known = self.known();
        known.others.living(now).find(|other| other.id == node).map(|other| other.url.clone())
    }

    /// Whether another live node takes calls and is not full.
    #[must_use]
    pub fn another_has_room(&self) -> bool {
        let now = self.0.clock.now();
        self.known().others.living(now).any(|other| {
            let NodeRecord { draining, calls, max_calls, .. } = *other;
            !draining && calls < max_calls
        })
    }

    /// This node and all that it knows, itself first. `calls` is how many it has.
    #[must_use]
    pub fn all(&self, calls: usize) -> Vec<NodeView> {
        let now = self.0.clock.now();
        let known = self.known();
        let here = NodeView {
            id: self.0.id,
            node: self.0.settings.url.clone(),
            draining: known.draining,
            calls: u32::try_from(calls).unwrap_or(u32::MAX),
            max_calls: self.0.max_calls.load(Ordering::Relaxed),
            here: true,
            alive: true,
        };
        let others = known.others.all(now).map(|(record, alive)| NodeView {
            id: record.id,
            node: record.url.clone(),
            draining: record.draining,
            calls: record.calls,
            max_calls: record.max_calls,
            here: false,
            alive,
        });
        std::iter::once(here).chain(others).collect()
    }

    /// The live nodes, this one among them.
    #[must_use]
    pub fn living(&self) -> Vec<NodeId> {
        self.all(0).into_iter().filter(|node| node.alive).map(|node| node.id).collect()
    }

    /// The nodes whose calls are theirs: all but the dead ones.
    #[must_use]
    pub fn not_dead(&self) -> Vec<NodeId> {
        let all = self.all(0).into_iter().map(|node| node.id);
        all.filter(|node| self.life_of(*node) != Life::Dead).collect()
    }

    /// Writes an order for a node.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn give(
        &self,
        node: NodeId,
        call: Option<CallSid>,
        order: &Order,
    ) -> Result<(), RecordsError> {
        let now = self.0.clock.wall();
        let body = serde_json::json!(order);
        let order = OrderRecord { id: self.0.chance.new_id(now), node, call, body };
        self.0.cluster.give(order, now).await
    }

    /// Takes a call over, under the next fencing number, and tells the node that had it. `None` if somebody
    /// else was first, or the call has ended.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn take_over(
        &self,
        business: BusinessId,
        call: &CallSid,
        from: Option<CallLease>,
    ) -> Result<Option<CallLease>, RecordsError> {
        let taken = match self.0.cluster.take_over(business, call, from, self.0.id).await {
            Ok(taken) => taken,
            Err(error) => Some(self.has_taken(call, from).await.ok_or(error)?),
        };
        if let (Some(lease), Some(from)) = (taken, from)
            && from.node != self.0.id
        {
            let order = Order::LetGo { fence: lease.fence };
            // The row is written: its writes are refused even if it does not hear of this.
            if let Err(error) = self.give(from.node, Some(call.clone()), &order).await {
                tracing::warn!(%error, %call, "a node was not told that its call was taken over");
            }
        }
        Ok(taken)
    }

    /// The lease, if a take-over that has failed was done all the same: the answer to the commit was lost.
    async fn has_taken(&self, call: &CallSid, from: Option<CallLease>) -> Option<CallLease> {
        let fence = from.map_or(Fence::FIRST, |lease| lease.fence.next());
        let found = calls::lease_of_live(self.0.cluster.database(), call).await.ok()??;
        found.lease.filter(|lease| *lease == CallLease { node: self.0.id, fence })
    }

    /// Whether the call is still this node's, before something is done that can't be taken back.
    pub async fn standing(
        &self,
        business: BusinessId,
        call: &CallSid,
        lease: CallLease,
    ) -> Standing {
        if !self.is_shared() {
            return Standing::Ours;
        }
        match timeout(PATIENCE, self.0.cluster.holds(business, call, lease)).await {
            Ok(Ok(true)) => Standing::Ours,
            Ok(Ok(false)) => Standing::Lost,
            Ok(Err(_)) | Err(_) => Standing::Unknown,
        }
    }

    /// The database has refused a write of this call under `fence`: another node has it. If this node has
    /// taken it back since, it keeps it.
    pub fn lost(&self, call: &CallSid, fence: Fence) {
        let mut known = self.known();
        if known.lost.len() < MAX_LOST || known.lost.contains_key(call) {
            let newest = known.lost.entry(call.clone()).or_insert(fence);
            *newest = fence.max(*newest);
        }
        self.0.losing.notify_one();
    }

    /// The calls that were lost since the last time, and under which number.
    #[must_use]
    pub fn take_lost(&self) -> Vec<(CallSid, Fence)> {
        std::mem::take(&mut self.known().lost).into_iter().collect()
    }

    /// Returns when there are orders to read before the next beat.
    pub async fn woken(&self) {
        self.0.woken.notified().await;
    }

    /// Returns when calls were lost.
    pub async fn has_lost(&self) {
        self.0.losing.notified().await;
    }

    /// Hears the rings of others, for ever.
    pub async fn listen(&self) {
        loop {
            self.0.cluster.rings(self.0.id).await;
            self.0.woken.notify_one();
            self.0.reported.notify_waiters();
        }
    }

    /// Returns when a report may have come.
    pub async fn reported(&self) {
        self.0.reported.notified().await;
    }
}
