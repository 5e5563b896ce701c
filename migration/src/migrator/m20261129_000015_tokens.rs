//! Tokens of the operator's API, per business and role.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, timestamp_with_time_zone, uuid, uuid_null};

use super::schema::{drop_table, foreign_key};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(tokens()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "tokens").await
    }
}

fn tokens() -> TableCreateStatement {
    Table::create()
        .table("tokens")
        .col(uuid("id").primary_key())
        .col(text("name"))
        // Of the secret half. The secret itself is shown once.
        .col(text("hash"))
        .col(text("role"))
        // Null: all businesses.
        .col(uuid_null("business_id"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut foreign_key(
            "tokens_business",
            ("tokens", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}
