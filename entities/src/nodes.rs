//! The daemons on one database: their registry, what they ask of each other, and what they show. These
//! rows belong to no business.
//!
//! A node counts as alive while its `beat` grows. Readers compare it with what they saw before, by their
//! own clock: the clocks of two machines need not agree.

mod doorbell;

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{CallSid, NodeId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::{node_orders, node_reports, nodes};

pub use doorbell::{Doorbell, Lock};

/// How long the rows of a node that beats no more, and orders that nobody took, are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// How many nodes, and how many orders of one node, are read at a time.
const AT_ONCE: u64 = 256;

/// A daemon, as it last wrote of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    pub id: NodeId,
    /// Its `server.node_url`.
    pub url: String,
    /// Grows by one with each write.
    pub beat: u64,
    /// Whether it takes no more calls.
    pub draining: bool,
    pub calls: u32,
    pub max_calls: u32,
}

/// What one node asks of another.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRecord {
    pub id: Uuid,
    pub node: NodeId,
    pub call: Option<CallSid>,
    pub body: serde_json::Value,
}

/// Writes a node's row, and reads those of all.
pub async fn beat(
    db: &Database,
    node: NodeRecord,
    now: Timestamp,
) -> Result<Vec<NodeRecord>, RecordsError> {
    db.write(move |db| async move {
        use nodes::{ActiveModel, Column, Entity};
        let row = ActiveModel {
            id: Set(node.id.0),
            url: Set(node.url),
            beat: Set(i64::try_from(node.beat).unwrap_or(i64::MAX)),
            draining: Set(node.draining),
            calls: Set(as_column(node.calls)),
            max_calls: Set(as_column(node.max_calls)),
            seen_at: Set(column::from_instant(now)),
        };
        let again = OnConflict::column(Column::Id)
            .update_columns([Column::Beat, Column::Draining, Column::Calls, Column::SeenAt])
            .to_owned();
        Entity::insert(row).on_conflict(again).exec_without_returning(&db).await?;
        read_all(&db).await
    })
    .await
}

/// The rows of all nodes, also of those that have died.
pub async fn all(db: &Database) -> Result<Vec<NodeRecord>, RecordsError> {
    db.read(|db| async move { read_all(&db).await }).await
}

async fn read_all(db: &impl ConnectionTrait) -> Result<Vec<NodeRecord>, RecordsError> {
    let newest_first = nodes::Entity::find().order_by_desc(nodes::Column::SeenAt);
    let rows = newest_first.limit(AT_ONCE).all(db).await?;
    rows.into_iter().map(NodeRecord::try_from).collect()
}

/// Removes a node that stops.
pub async fn leave(db: &Database, node: NodeId) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        nodes::Entity::delete_by_id(node.0).exec(&db).await?;
        node_reports::Entity::delete_many()
            .filter(node_reports::Column::NodeId.eq(node.0))
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// Removes what nobody needs any more: nodes that died, and orders that they did not take.
pub async fn forget_old(db: &Database, now: Timestamp) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let oldest = column::from_instant(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN));
        let dead = nodes::Column::SeenAt.lt(oldest);
        nodes::Entity::delete_many().filter(dead).exec(&db).await?;
        let stale = node_orders::Column::CreatedAt.lt(oldest);
        node_orders::Entity::delete_many().filter(stale).exec(&db).await?;
        let stale = node_reports::Column::WrittenAt.lt(oldest);
        node_reports::Entity::delete_many().filter(stale).exec(&db).await?;
        Ok(())
    })
    .await
}

/// Writes an order, and rings at its node when it can be read.
pub async fn give(db: &Database, order: OrderRecord, now: Timestamp) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let row = node_orders::ActiveModel {
            id: Set(order.id),
            node_id: Set(order.node.0),
            call_sid: Set(order.call.map(|call| call.to_string())),
            body: Set(order.body),
            created_at: Set(column::from_instant(now)),
        };
        node_orders::Entity::insert(row).exec_without_returning(&db).await?;
        doorbell::ring(&db, order.node).await
    })
    .await
}

/// The oldest orders for a node.
pub async fn orders(db: &Database, node: NodeId) -> Result<Vec<OrderRecord>, RecordsError> {
    db.read(move |db| async move {
        use node_orders::{Column, Entity};
        let found = Entity::find()
            .filter(Column::NodeId.eq(node.0))
            .order_by_asc(Column::Id)
            .limit(AT_ONCE)
            .all(&db)
            .await?;
        found.into_iter().map(OrderRecord::try_from).collect()
    })
    .await
}

/// Removes orders that are carried out.
pub async fn done(db: &Database, orders: Vec<Uuid>) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let carried_out = node_orders::Column::Id.is_in(orders);
        node_orders::Entity::delete_many().filter(carried_out).exec(&db).await?;
        Ok(())
    })
    .await
}

/// Writes what a node has to show of a subject, and rings at the node that has asked.
pub async fn report(
    db: &Database,
    node: NodeId,
    subject: &str,
    body: serde_json::Value,
    asker: NodeId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let subject = subject.to_owned();
    db.write(move |db| async move {
        use node_reports::{ActiveModel, Column, Entity};
        let row = ActiveModel {
            node_id: Set(node.0),
            subject: Set(subject),
            body: Set(body),
            written_at: Set(column::from_instant(now)),
        };
        let again = OnConflict::columns([Column::NodeId, Column::Subject])
            .update_columns([Column::Body, Column::WrittenAt])
            .to_owned();
        Entity::insert(row).on_conflict(again).exec_without_returning(&db).await?;
        doorbell::ring(&db, asker).await
    })
    .await
}

/// What the nodes have shown of a subject.
pub async fn reports(
    db: &Database,
    subject: &str,
) -> Result<Vec<(NodeId, serde_json::Value)>, RecordsError> {
    let subject = subject.to_owned();
    db.read(move |db| async move {
        use node_reports::{Column, Entity};
        let found =
            Entity::find().filter(Column::Subject.eq(subject)).limit(AT_ONCE).all(&db).await?;
        Ok(found.into_iter().map(|row| (NodeId(row.node_id), row.body)).collect())
    })
    .await
}

fn as_column(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl TryFrom<nodes::Model> for NodeRecord {
    type Error = RecordsError;

    fn try_from(row: nodes::Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: NodeId(row.id),
            url: row.url,
            beat: column::number("nodes.beat", row.beat)?,
            draining: row.draining,
            calls: column::number("nodes.calls", row.calls.into())?,
            max_calls: column::number("nodes.max_calls", row.max_calls.into())?,
        })
    }
}

impl TryFrom<node_orders::Model> for OrderRecord {
    type Error = RecordsError;

    fn try_from(row: node_orders::Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: row.id,
            node: NodeId(row.node_id),
            call: column::optional_id("node_orders.call_sid", row.call_sid)?,
            body: row.body,
        })
    }
}
