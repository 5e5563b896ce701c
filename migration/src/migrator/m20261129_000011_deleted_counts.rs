//! How many rows were deleted because they were too old, or because a person wanted it (OPS-7).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, uuid};

use super::schema::{drop_table, foreign_key};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(deleted_counts()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "deleted_counts").await
    }
}

fn deleted_counts() -> TableCreateStatement {
    Table::create()
        .table("deleted_counts")
        .col(uuid("business_id"))
        // In which the rows were made, as in 2026-11.
        .col(text("month"))
        .col(text("kind"))
        .col(big_integer("count"))
        .primary_key(Index::create().col("business_id").col("month").col("kind"))
        .foreign_key(&mut foreign_key(
            "deleted_counts_business",
            ("deleted_counts", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}
