//! Events for other systems, and lines to the owner (OPS-13).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_pk_auto, boolean, json_binary_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
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
        manager.create_table(webhooks()).await?;
        manager.create_table(subscriptions()).await?;
        manager.create_table(outbox()).await?;
        let once = ["id", "target"];
        manager.create_index(unique_index("outbox_once", "outbox", &once)).await?;
        let page = ["business_id", "number"];
        manager.create_index(index("outbox_page", "outbox", &page)).await?;
        // SeaORM's builder has no partial indexes. These statements are valid in both databases.
        for statement in [
            "CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting'",
            "CREATE INDEX outbox_series ON outbox (business_id, series, number) WHERE state = 'waiting'",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "outbox").await?;
        drop_table(manager, "subscriptions").await?;
        drop_table(manager, "webhooks").await
    }
}

/// The secret is here and not among a business's settings, which are given out.
fn webhooks() -> TableCreateStatement {
    Table::create()
        .table("webhooks")
        .col(uuid("business_id").primary_key())
        .col(text("url"))
        .col(text("secret"))
        .foreign_key(&mut of_business("webhooks_business", "webhooks"))
        .take()
}

/// Who is told of what. An event that nobody wants writes no row.
fn subscriptions() -> TableCreateStatement {
    Table::create()
        .table("subscriptions")
        .col(uuid("business_id"))
        .col(text("target"))
        .col(text("event"))
        .primary_key(Index::create().col("business_id").col("event").col("target"))
        .foreign_key(&mut of_business("subscriptions_business", "subscriptions"))
        .take()
}

fn outbox() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        // The order in which events of one series are sent.
        .col(big_pk_auto("number"))
        .col(uuid("id"))
        .col(uuid("business_id"))
        .col(text("target"))
        .col(text("event"))
        // Events of one series wait for the earlier ones.
        .col(text_null("series"))
        .col(text_null("call_sid"))
        .col(uuid_null("lead_id"))
        .col(text_null("person"))
        // Null once it is sent.
        .col(json_binary_null("data"))
        // Whether the data is all that is sent.
        .col(boolean("prepared"))
        .col(text("state"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("due_at"))
        .col(big_integer("tries"))
        .col(timestamp_with_time_zone_null("first_tried_at"))
        .col(timestamp_with_time_zone_null("sent_at"))
        .col(text_null("last_error"))
        .col(uuid_null("lease_owner"))
        .col(timestamp_with_time_zone_null("lease_until"))
        .foreign_key(&mut of_business("outbox_business", "outbox"))
        .take()
}

fn of_business(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    foreign_key(name, (table, &["business_id"]), ("businesses", &["id"]))
}
