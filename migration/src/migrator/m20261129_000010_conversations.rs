//! Written conversations, and what a message needs to be answered.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, json_binary_null, text, text_null,
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
        manager.create_table(conversations()).await?;
        let person = ["business_id", "person"];
        manager
            .create_index(unique_index("conversations_person", "conversations", &person))
            .await?;
        let page = ["business_id", "active_at", "id"];
        manager.create_index(index("conversations_page", "conversations", &page)).await?;
        for column in message_columns() {
            // SQLite takes one change at a time.
            let change = Table::alter().table("messages").add_column(column).take();
            manager.alter_table(change).await?;
        }
        // SeaORM's builder has no partial indexes. These statements are valid in both databases.
        for statement in [
            "CREATE INDEX conversations_due ON conversations (lease_until) WHERE due",
            "CREATE INDEX messages_owed ON messages (business_id, person) WHERE NOT handled",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        let of_lead = ["business_id", "lead_id", "started_at"];
        manager.create_index(index("calls_lead", "calls", &of_lead)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table) in [("calls_lead", "calls"), ("messages_owed", "messages")] {
            manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        for column in ["kind", "media", "handled", "author", "error_code"] {
            let change = Table::alter().table("messages").drop_column(column).take();
            manager.alter_table(change).await?;
        }
        drop_table(manager, "conversations").await
    }
}

fn conversations() -> TableCreateStatement {
    Table::create()
        .table("conversations")
        .col(uuid("id").primary_key())
        .col(uuid("business_id"))
        .col(text("person"))
        .col(uuid_null("lead_id"))
        // The history before it is not part of the conversation that goes on.
        .col(timestamp_with_time_zone("began_at"))
        .col(timestamp_with_time_zone("active_at"))
        .col(timestamp_with_time_zone_null("last_came_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .col(text_null("close_reason"))
        .col(text_null("notes"))
        .col(boolean("opted_out"))
        .col(text_null("needs_person"))
        .col(timestamp_with_time_zone_null("needs_person_since"))
        .col(json_binary_null("state"))
        .col(boolean("due"))
        .col(uuid_null("lease_owner"))
        .col(timestamp_with_time_zone_null("lease_until"))
        .col(big_integer("lease_fence"))
        .foreign_key(&mut foreign_key(
            "conversations_business",
            ("conversations", &["business_id"]),
            ("businesses", &["id"]),
        ))
        .take()
}

fn message_columns() -> [ColumnDef; 5] {
    [
        text("kind").default("text").take(),
        json_binary_null("media").take(),
        // What was stored before had nobody to answer it.
        boolean("handled").default(true).take(),
        text_null("author").take(),
        big_integer_null("error_code").take(),
    ]
}
