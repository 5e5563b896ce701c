//! The history of leads: each change of each field, numbered within its lead.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, text_null, timestamp_with_time_zone, uuid};

use super::schema::{drop_table, foreign_key};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(lead_changes()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "lead_changes").await
    }
}

fn lead_changes() -> TableCreateStatement {
    Table::create()
        .table("lead_changes")
        .col(uuid("lead_id"))
        .col(big_integer("seq"))
        .col(uuid("business_id"))
        .col(timestamp_with_time_zone("at"))
        .col(text("changed_by"))
        // No foreign key: a lead may be created before its call's row.
        .col(text_null("call_sid"))
        .col(text("field"))
        .col(text_null("old_value"))
        .col(text("new_value"))
        .primary_key(Index::create().col("lead_id").col("seq"))
        .check(Expr::cust("(changed_by = 'call') = (call_sid IS NOT NULL)"))
        .foreign_key(&mut foreign_key(
            "lead_changes_lead",
            ("lead_changes", &["business_id", "lead_id"]),
            ("leads", &["business_id", "id"]),
        ))
        .take()
}
