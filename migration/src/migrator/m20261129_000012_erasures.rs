//! Who was erased, and who wants no messages: as keyed hashes, since their rows are gone (LEAD-5).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

use super::schema::{drop_table, index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(erasures()).await?;
        manager.create_table(opt_outs()).await?;
        for table in ["leads", "calls"] {
            let mut column = timestamp_with_time_zone_null("erased_at");
            let change = Table::alter().table(table).add_column(&mut column).take();
            manager.alter_table(change).await?;
        }
        for (name, column) in [("calls_from", "from_number"), ("calls_to", "to_number")] {
            manager.create_index(index(name, "calls", &["business_id", column])).await?;
        }
        // SeaORM's builder has no partial indexes. This statement is valid in both databases.
        let open = "CREATE INDEX erasures_open ON erasures (asked_at) WHERE done_at IS NULL";
        manager.get_connection().execute_unprepared(open).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["calls_to", "calls_from"] {
            manager.drop_index(Index::drop().name(name).table("calls").to_owned()).await?;
        }
        for table in ["calls", "leads"] {
            let change = Table::alter().table(table).drop_column("erased_at").take();
            manager.alter_table(change).await?;
        }
        drop_table(manager, "opt_outs").await?;
        drop_table(manager, "erasures").await
    }
}

/// No foreign keys: what a daemon has kept outside is written into a restored database as it is.
fn erasures() -> TableCreateStatement {
    Table::create()
        .table("erasures")
        .col(uuid("id").primary_key())
        .col(uuid("business_id"))
        .col(text("person"))
        .col(text("key_id"))
        .col(text("asked_by"))
        .col(timestamp_with_time_zone("asked_at"))
        // Until it is done, which may be at the end of a call.
        .col(uuid_null("lead_id"))
        .col(timestamp_with_time_zone_null("done_at"))
        .take()
}

fn opt_outs() -> TableCreateStatement {
    Table::create()
        .table("opt_outs")
        .col(uuid("business_id"))
        .col(text("person"))
        .col(text("key_id"))
        .col(boolean("opted_out"))
        .col(timestamp_with_time_zone("at"))
        .primary_key(Index::create().col("business_id").col("person"))
        .take()
}
