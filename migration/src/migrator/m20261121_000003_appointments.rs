//! Appointments, and the rule that two of one business never overlap.
//!
//! An appointment occupies the time from `starts_at` to `busy_until`, its end plus the business's
//! buffer. PostgreSQL refuses an overlap by an exclusion constraint (SQLSTATE 23P01), SQLite by
//! triggers (SQLITE_CONSTRAINT_TRIGGER, 1811). SQLite stores times as RFC 3339 text in UTC, which
//! sorts by time.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, text_null, timestamp_with_time_zone, uuid};
use sea_orm_migration::sea_orm::DbBackend;

use super::schema::{drop_table, foreign_key, index, unique_index};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(appointments()).await?;
        let key = ["business_id", "idempotency_key"];
        manager.create_index(unique_index("appointments_key", "appointments", &key)).await?;
        for (name, columns) in [
            ("appointments_of_lead", ["business_id", "lead_id", "starts_at"].as_slice()),
            ("appointments_when", ["business_id", "status", "busy_until"].as_slice()),
            ("appointments_page", ["business_id", "id"].as_slice()),
        ] {
            manager.create_index(index(name, "appointments", columns)).await?;
        }
        forbid_overlaps(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The table's constraint and triggers are dropped with it. Other programs may use the
        // extension, so it stays.
        drop_table(manager, "appointments").await
    }
}

fn appointments() -> TableCreateStatement {
    Table::create()
        .table("appointments")
        .col(uuid("id").primary_key())
        .col(uuid("business_id"))
        .col(uuid("lead_id"))
        .col(text_null("call_sid"))
        .col(timestamp_with_time_zone("starts_at"))
        .col(timestamp_with_time_zone("ends_at"))
        .col(timestamp_with_time_zone("busy_until"))
        .col(text("status"))
        .col(text_null("notes"))
        .col(text_null("idempotency_key"))
        .col(timestamp_with_time_zone("created_at"))
        .check(Expr::cust("starts_at < ends_at AND ends_at <= busy_until"))
        .foreign_key(&mut foreign_key(
            "appointments_lead",
            ("appointments", &["business_id", "lead_id"]),
            ("leads", &["business_id", "id"]),
        ))
        .take()
}

async fn forbid_overlaps(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Sqlite {
        db.execute_unprepared(&overlap_trigger("insert", "INSERT", "")).await?;
        let changed = "UPDATE OF business_id, starts_at, busy_until, status";
        let others = "AND other.id <> OLD.id";
        db.execute_unprepared(&overlap_trigger("update", changed, others)).await?;
    } else {
        // A GiST index cannot compare uuids without this extension.
        db.execute_unprepared("CREATE EXTENSION IF NOT EXISTS btree_gist").await?;
        db.execute_unprepared(
            "ALTER TABLE appointments ADD CONSTRAINT appointments_no_overlap \
             EXCLUDE USING gist (business_id WITH =, tstzrange(starts_at, busy_until) WITH &&) \
             WHERE (status = 'booked')",
        )
        .await?;
    }
    Ok(())
}

fn overlap_trigger(name: &str, event: &str, others: &str) -> String {
    format!(
        "CREATE TRIGGER appointments_no_overlap_on_{name} BEFORE {event} ON appointments \
         WHEN NEW.status = 'booked' AND EXISTS ( \
           SELECT 1 FROM appointments AS other \
           WHERE other.business_id = NEW.business_id AND other.status = 'booked' \
             AND other.busy_until > NEW.starts_at AND other.starts_at < NEW.busy_until {others}) \
         BEGIN SELECT RAISE(ABORT, 'the appointment overlaps another'); END"
    )
}
