//! The index of what a user has done since a time: of some changes they may make so many a day (CON-5).

use sea_orm_migration::prelude::*;

use super::schema::index;

const NAME: &str = "audit_log_of_user";

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = ["user_id", "action", "at"];
        manager.create_index(index(NAME, "audit_log", &columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(NAME).table("audit_log").to_owned()).await
    }
}
