//! What a running call needs to go on in another process (RES-4). Replaces `calls.state`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json_binary_null, text, uuid};

use super::schema::{drop_table, foreign_key};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(call_snapshots()).await?;
        manager.create_table(call_snapshot_entries()).await?;
        let unused = Table::alter().table("calls").drop_column("state").take();
        manager.alter_table(unused).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let state = Table::alter().table("calls").add_column(json_binary_null("state")).take();
        manager.alter_table(state).await?;
        drop_table(manager, "call_snapshot_entries").await?;
        drop_table(manager, "call_snapshots").await
    }
}

/// JSON is kept as text: nobody looks into it, and PostgreSQL's JSON takes no `\u0000`.
fn call_snapshots() -> TableCreateStatement {
    Table::create()
        .table("call_snapshots")
        .col(text("call_sid").primary_key())
        .col(uuid("business_id"))
        .col(big_integer("taken_ms"))
        .col(text("setup"))
        .col(text("state"))
        .col(text("resumes"))
        .foreign_key(&mut foreign_key(
            "call_snapshots_call",
            ("call_snapshots", &["business_id", "call_sid"]),
            ("calls", &["business_id", "call_sid"]),
        ))
        .take()
}

/// The entries of the conversation, which grows with the call.
fn call_snapshot_entries() -> TableCreateStatement {
    Table::create()
        .table("call_snapshot_entries")
        .col(text("call_sid"))
        .col(big_integer("number"))
        .col(uuid("business_id"))
        .col(text("entry"))
        .primary_key(Index::create().col("call_sid").col("number"))
        .foreign_key(&mut foreign_key(
            "call_snapshot_entries_call",
            ("call_snapshot_entries", &["business_id", "call_sid"]),
            ("calls", &["business_id", "call_sid"]),
        ))
        .take()
}
