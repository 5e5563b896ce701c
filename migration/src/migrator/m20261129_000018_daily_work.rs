//! What the console's pages of a day's work ask: how long turns took, which leads were seen to, and indexes of their
//! lists.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Name, table and columns.
const INDEXES: [(&str, &str, &[&str]); 5] = [
    ("leads_contact", "leads", &["business_id", "updated_at", "id"]),
    ("appointments_start", "appointments", &["business_id", "starts_at"]),
    ("appointments_made", "appointments", &["business_id", "created_at"]),
    ("appointments_call", "appointments", &["business_id", "call_sid"]),
    ("conversations_lead", "conversations", &["business_id", "lead_id"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one change at a time.
        for (table, column) in columns() {
            let change = Table::alter().table(table).add_column(column).take();
            manager.alter_table(change).await?;
        }
        for (name, table, columns) in INDEXES {
            manager.create_index(index(name, table, columns)).await?;
        }
        // SeaORM's builder has no partial indexes. This statement is valid in both databases.
        let needy = "CREATE INDEX conversations_needy ON conversations (business_id, active_at, id) \
                     WHERE needs_person IS NOT NULL";
        manager.get_connection().execute_unprepared(needy).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let needy = ("conversations_needy", "conversations", [].as_slice());
        for (name, table, _) in INDEXES.into_iter().chain([needy]) {
            manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        for (table, column) in columns() {
            let change = Table::alter().table(table).drop_column(column.get_column_name()).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 4] {
    [
        ("call_turns", big_integer_null("waited_ms").take()),
        ("call_turns", big_integer_null("lasts_ms").take()),
        ("call_turns", text_null("tool_call").take()),
        // A person of the business has seen to the lead then.
        ("leads", timestamp_with_time_zone_null("seen_to_at").take()),
    ]
}
