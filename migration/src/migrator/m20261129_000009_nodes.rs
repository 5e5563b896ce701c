//! The daemons on one database, which of them has a call, and what they ask of each other.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, integer, json_binary, text, text_null, timestamp_with_time_zone, uuid,
    uuid_null,
};

use super::schema::{drop_table, index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(nodes()).await?;
        manager.create_table(orders()).await?;
        manager.create_index(index("node_orders_node", "node_orders", &["node_id", "id"])).await?;
        manager.create_table(reports()).await?;
        // SQLite takes one change at a time.
        for mut column in [uuid_null("node_id"), integer("fence").default(0).take()] {
            let change = Table::alter().table("calls").add_column(&mut column).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["fence", "node_id"] {
            let change = Table::alter().table("calls").drop_column(column).take();
            manager.alter_table(change).await?;
        }
        for table in ["node_reports", "node_orders", "nodes"] {
            drop_table(manager, table).await?;
        }
        Ok(())
    }
}

/// Each node writes its own row again and again.
fn nodes() -> TableCreateStatement {
    Table::create()
        .table("nodes")
        .col(uuid("id").primary_key())
        .col(text("url"))
        .col(big_integer("beat"))
        .col(boolean("draining"))
        .col(integer("calls"))
        .col(integer("max_calls"))
        .col(timestamp_with_time_zone("seen_at"))
        .take()
}

fn orders() -> TableCreateStatement {
    Table::create()
        .table("node_orders")
        .col(uuid("id").primary_key())
        .col(uuid("node_id"))
        // No foreign key: an order may be about a whole node.
        .col(text_null("call_sid"))
        .col(json_binary("body"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

/// What a node has to show, when it was asked last.
fn reports() -> TableCreateStatement {
    Table::create()
        .table("node_reports")
        .col(uuid("node_id"))
        .col(text("subject"))
        .col(json_binary("body"))
        .col(timestamp_with_time_zone("written_at"))
        .primary_key(Index::create().col("node_id").col("subject"))
        .take()
}
