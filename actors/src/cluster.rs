//! The daemons on one database, as one of them sees them (RES-9).
//!
//! [`Cluster`] is what they share: the registry, leases, orders to each other, and locks. [`PostgresCluster`]
//! keeps it in the database; [`LocalCluster`] in this process, for one daemon and for simulations. [`Node`]
//! is this daemon among them, and knows the others from memory.

mod keeper;
mod local;
mod node;
mod order;
mod others;
mod postgres;

use std::fmt;

use entities::calls::CallLease;
use entities::nodes::{NodeRecord, OrderRecord};
use entities::{Database, RecordsError, calls};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, NodeId};
use uuid::Uuid;

pub use keeper::{Handed, Keeper};
pub use local::{LocalCluster, LocalHub};
pub use node::{BEAT_EVERY, Node, NodeSettings, NodeView, Standing};
pub use order::{Order, Subject};
pub use others::{LEFT_ALONE, Life, SILENT_AFTER};
pub use postgres::PostgresCluster;

/// Work that one node does for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// Transcripts and messages that are too old are deleted (OPS-7).
    Retention,
    /// Calls whose node has died are ended, once Twilio says that they are over.
    Sweep,
    /// What could not be sent is sent again.
    Resend,
    /// People are erased whose call is over (LEAD-5).
    Erasures,
}

impl Errand {
    /// Its number among PostgreSQL's advisory locks.
    fn key(self) -> i32 {
        match self {
            Self::Retention => 1,
            Self::Sweep => 2,
            Self::Resend => 3,
            Self::Erasures => 4,
        }
    }
}

/// The right to do an errand. Others have it when this is dropped, or when its daemon dies.
pub trait ErrandLock: Send + fmt::Debug {
    /// Whether this node still has it. A long errand asks before each part.
    fn is_held(&mut self) -> BoxFuture<'_, bool>;
}

type Answer<'a, T> = BoxFuture<'a, Result<T, RecordsError>>;

/// What the daemons on one database share. What is written is the truth; a ring only wakes.
pub trait Cluster: Send + Sync + fmt::Debug + 'static {
    fn database(&self) -> &Database;

    /// Whether other daemons can be on the same database.
    fn is_shared(&self) -> bool;

    /// Writes this node's entry of the registry, and reads all of them.
    fn beat(&self, node: NodeRecord, now: Timestamp) -> Answer<'_, Vec<NodeRecord>>;

    /// Reads all entries of the registry.
    fn nodes(&self) -> Answer<'_, Vec<NodeRecord>>;

    /// Removes this node's entry.
    fn leave(&self, node: NodeId) -> Answer<'_, ()>;

    /// Removes what dead nodes have left.
    fn forget_old(&self, now: Timestamp) -> Answer<'_, ()>;

    /// Writes an order, and rings at its node.
    fn give(&self, order: OrderRecord, now: Timestamp) -> Answer<'_, ()>;

    /// The oldest orders for this node.
    fn orders(&self, node: NodeId) -> Answer<'_, Vec<OrderRecord>>;

    /// Removes orders that are carried out.
    fn done(&self, orders: Vec<Uuid>) -> Answer<'_, ()>;

    /// Writes what this node has to show of a subject, and rings at the node that has asked.
    fn report(
        &self,
        node: NodeId,
        subject: Subject,
        body: serde_json::Value,
        asker: NodeId,
        now: Timestamp,
    ) -> Answer<'_, ()>;

    /// What the nodes have shown of a subject.
    fn reports(&self, subject: Subject) -> Answer<'_, Vec<(NodeId, serde_json::Value)>>;

    /// Returns when somebody rings at this node. Rings can be lost.
    fn rings(&self, node: NodeId) -> BoxFuture<'_, ()>;

    /// `None` if another node does this errand now.
    fn try_lock(&self, errand: Errand) -> Answer<'_, Option<Box<dyn ErrandLock>>>;

    /// Takes a call over; see [`calls::take_over`].
    fn take_over<'a>(
        &'a self,
        business: BusinessId,
        call: &'a CallSid,
        from: Option<CallLease>,
        node: NodeId,
    ) -> Answer<'a, Option<CallLease>> {
        Box::pin(calls::take_over(self.database(), business, call, from, node))
    }

    /// Whether nobody has taken the call over since `lease`.
    fn holds<'a>(
        &'a self,
        business: BusinessId,
        call: &'a CallSid,
        lease: CallLease,
    ) -> Answer<'a, bool> {
        Box::pin(calls::holds(self.database(), business, call, lease))
    }
}
