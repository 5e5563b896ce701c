//! Versions of a business's settings, and drafts of the next one (CON-3).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, text, timestamp_with_time_zone, uuid,
};

use super::schema::{drop_table, foreign_key};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// What is there becomes the first version.
const FIRST_VERSIONS: &str = "INSERT INTO settings_versions \
    (business_id, version, settings, published_at, published_by) \
    SELECT id, 1, settings, updated_at, 'import' FROM businesses";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(versions()).await?;
        manager.create_table(drafts()).await?;
        manager.get_connection().execute_unprepared(FIRST_VERSIONS).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, "drafts").await?;
        drop_table(manager, "settings_versions").await
    }
}

fn versions() -> TableCreateStatement {
    Table::create()
        .table("settings_versions")
        .col(uuid("business_id"))
        .col(integer("version"))
        // With the prompt, and without the secret of webhooks.
        .col(json_binary("settings"))
        .col(timestamp_with_time_zone("published_at"))
        .col(text("published_by"))
        .primary_key(Index::create().col("business_id").col("version"))
        .foreign_key(&mut of_business("settings_versions_business", "settings_versions"))
        .take()
}

/// One for each business, which its people share.
fn drafts() -> TableCreateStatement {
    Table::create()
        .table("drafts")
        .col(uuid("business_id").primary_key())
        // The version that it was made from.
        .col(integer("base"))
        .col(json_binary("settings"))
        // Another one with each change.
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("changed_at"))
        .col(text("changed_by"))
        .foreign_key(&mut of_business("drafts_business", "drafts"))
        .take()
}

fn of_business(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    foreign_key(name, (table, &["business_id"]), ("businesses", &["id"]))
}
