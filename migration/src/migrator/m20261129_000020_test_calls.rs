//! Whether a call is a test from a page of the console (CON-5), and the index of the list of tests.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// SeaORM's builder has no partial indexes. This statement is valid in both databases.
const TESTS: &str =
    "CREATE INDEX calls_tests ON calls (business_id, started_at, call_sid) WHERE is_test";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("is_test").default(false).take();
        manager.alter_table(Table::alter().table("calls").add_column(column).take()).await?;
        manager.get_connection().execute_unprepared(TESTS).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("calls_tests").table("calls").to_owned()).await?;
        manager.alter_table(Table::alter().table("calls").drop_column("is_test").take()).await
    }
}
