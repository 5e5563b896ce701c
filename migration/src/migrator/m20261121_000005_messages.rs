//! Text messages, in both directions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, text_null, timestamp_with_time_zone, uuid, uuid_null};

use super::schema::{drop_table, foreign_key, index, unique_index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(messages()).await?;
        let sid = ["provider_sid"];
        manager.create_index(unique_index("messages_provider_sid", "messages", &sid)).await?;
        // A message has one answer, even if several are written at the same time.
        let answer = ["business_id", "in_reply_to"];
        manager.create_index(unique_index("messages_one_answer", "messages", &answer)).await?;
        let conversation = ["business_id", "person", "created_at", "id"];
        manager.create_index(index("messages_conversation", "messages", &conversation)).await?;
        let age = ["business_id", "created_at"];
        manager.create_index(index("messages_age", "messages", &age)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "messages").await
    }
}

fn messages() -> TableCreateStatement {
    Table::create()
        .table("messages")
        .col(uuid("id").primary_key())
        .col(uuid("business_id"))
        .col(text("person"))
        .col(text("direction"))
        .col(text_null("provider_sid"))
        .col(text("body"))
        .col(text("status"))
        .col(timestamp_with_time_zone("created_at"))
        // No foreign key: retention may delete a message before its answer.
        .col(uuid_null("in_reply_to"))
        .foreign_key(&mut foreign_key(
            "messages_business",
            ("messages", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}
