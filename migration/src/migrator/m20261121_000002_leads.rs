//! Leads: one per person and business, or one per call if the number is withheld.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{json_binary, text, text_null, timestamp_with_time_zone, uuid};

use super::schema::{drop_table, foreign_key, unique_index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(leads()).await?;
        // Nulls are distinct in a unique index of both databases, so the indexes need no condition.
        for (name, columns) in [
            ("leads_phone", ["business_id", "phone"]),
            ("leads_withheld_call", ["business_id", "call_sid"]),
            ("leads_tenant", ["business_id", "id"]),
        ] {
            manager.create_index(unique_index(name, "leads", &columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "leads").await
    }
}

fn leads() -> TableCreateStatement {
    Table::create()
        .table("leads")
        .col(uuid("id").primary_key())
        .col(uuid("business_id"))
        .col(text_null("phone"))
        .col(text_null("call_sid"))
        .col(text_null("full_name"))
        .col(text_null("email"))
        .col(text("status"))
        .col(text("source"))
        .col(json_binary("fields"))
        .col(text_null("last_call_sid"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        // A lead has exactly one of these two keys.
        .check(Expr::cust("(phone IS NULL) <> (call_sid IS NULL)"))
        .foreign_key(&mut foreign_key(
            "leads_business",
            ("leads", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}
