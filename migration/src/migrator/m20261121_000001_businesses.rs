//! Businesses, their phone numbers, and the versions of their prompts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, text, text_null, text_uniq, timestamp_with_time_zone, uuid,
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
        manager.create_table(businesses()).await?;
        manager.create_table(business_numbers()).await?;
        manager
            .create_index(index(
                "business_numbers_of_business",
                "business_numbers",
                &["business_id"],
            ))
            .await?;
        manager.create_table(prompts()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "prompts").await?;
        drop_table(manager, "business_numbers").await?;
        drop_table(manager, "businesses").await
    }
}

fn businesses() -> TableCreateStatement {
    Table::create()
        .table("businesses")
        .col(uuid("id").primary_key())
        .col(text_uniq("slug"))
        .col(text("name"))
        .col(text_null("whatsapp_number").unique_key())
        .col(text("timezone"))
        .col(text("language"))
        .col(big_integer("retention_secs"))
        .col(json_binary("settings"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take()
}

fn business_numbers() -> TableCreateStatement {
    Table::create()
        .table("business_numbers")
        .col(text("number").primary_key())
        .col(uuid("business_id"))
        .foreign_key(&mut foreign_key(
            "business_numbers_business",
            ("business_numbers", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}

fn prompts() -> TableCreateStatement {
    Table::create()
        .table("prompts")
        .col(uuid("business_id"))
        .col(integer("version"))
        .col(text("text"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("business_id").col("version"))
        .foreign_key(&mut foreign_key(
            "prompts_business",
            ("prompts", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}
