//! Ends of calls that Twilio reported before the calls had rows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, text, text_null, timestamp_with_time_zone, uuid,
};

use super::schema::{drop_table, foreign_key, index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(early_statuses()).await?;
        let age = ["business_id", "ended_at"];
        manager.create_index(index("early_statuses_age", "early_statuses", &age)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "early_statuses").await
    }
}

fn early_statuses() -> TableCreateStatement {
    Table::create()
        .table("early_statuses")
        .col(uuid("business_id"))
        // No foreign key: the call has no row yet.
        .col(text("call_sid"))
        .col(text_null("status"))
        .col(big_integer_null("duration_secs"))
        .col(timestamp_with_time_zone("ended_at"))
        .col(text("end_reason"))
        .col(text("ended_by"))
        .primary_key(Index::create().col("business_id").col("call_sid"))
        .foreign_key(&mut foreign_key(
            "early_statuses_business",
            ("early_statuses", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}
