//! Whether a business is paused, or was removed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// SQLite takes one change per statement.
const COLUMNS: [&str; 2] = ["paused_at", "removed_at"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            let column = timestamp_with_time_zone_null(name).take();
            manager
                .alter_table(Table::alter().table("businesses").add_column(column).take())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            manager
                .alter_table(Table::alter().table("businesses").drop_column(name).take())
                .await?;
        }
        Ok(())
    }
}
