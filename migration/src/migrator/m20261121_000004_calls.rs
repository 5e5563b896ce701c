//! Calls and their turns.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, json_binary_null, text, text_null,
    timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{drop_table, foreign_key, index, unique_index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(calls()).await?;
        let tenant = ["business_id", "call_sid"];
        manager.create_index(unique_index("calls_tenant", "calls", &tenant)).await?;
        let page = ["business_id", "started_at", "call_sid"];
        manager.create_index(index("calls_page", "calls", &page)).await?;
        // SeaORM's builder has no partial indexes. This statement is valid in both databases.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX calls_live ON calls (business_id) WHERE ended_at IS NULL",
            )
            .await?;
        manager.create_table(call_turns()).await?;
        let age = ["business_id", "at"];
        manager.create_index(index("call_turns_age", "call_turns", &age)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "call_turns").await?;
        drop_table(manager, "calls").await
    }
}

fn calls() -> TableCreateStatement {
    Table::create()
        .table("calls")
        .col(text("call_sid").primary_key())
        .col(uuid("business_id"))
        .col(uuid_null("lead_id"))
        .col(text("direction"))
        .col(text("status"))
        .col(text_null("from_number"))
        .col(text("to_number"))
        .col(integer("prompt_version"))
        .col(timestamp_with_time_zone("started_at"))
        .col(timestamp_with_time_zone_null("answered_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(big_integer_null("duration_secs"))
        .col(text_null("end_reason"))
        .col(text_null("ended_by"))
        .col(json_binary_null("state"))
        .col(json_binary_null("stats"))
        .foreign_key(&mut foreign_key(
            "calls_prompt",
            ("calls", &["business_id", "prompt_version"]),
            ("prompts", &["business_id", "version"]),
        ))
        .foreign_key(&mut foreign_key(
            "calls_lead",
            ("calls", &["business_id", "lead_id"]),
            ("leads", &["business_id", "id"]),
        ))
        .take()
}

fn call_turns() -> TableCreateStatement {
    Table::create()
        .table("call_turns")
        .col(text("call_sid"))
        .col(big_integer("seq"))
        .col(uuid("business_id"))
        .col(text("role"))
        .col(text_null("item_id"))
        .col(text_null("text"))
        .col(big_integer_null("heard_ms"))
        .col(boolean("cut"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("call_sid").col("seq"))
        .foreign_key(&mut foreign_key(
            "call_turns_call",
            ("call_turns", &["business_id", "call_sid"]),
            ("calls", &["business_id", "call_sid"]),
        ))
        .take()
}
