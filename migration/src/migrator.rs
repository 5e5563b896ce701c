//! The list of migrations, oldest first.

use sea_orm_migration::prelude::*;

mod m20261121_000001_businesses;
mod m20261121_000002_leads;
mod m20261121_000003_appointments;
mod m20261121_000004_calls;
mod m20261121_000005_messages;
mod m20261121_000006_lead_changes;
mod m20261128_000007_early_statuses;
mod m20261129_000008_call_snapshots;
mod m20261129_000009_nodes;
mod m20261129_000010_conversations;
mod m20261129_000011_deleted_counts;
mod m20261129_000012_erasures;
mod m20261129_000013_message_cost;
mod m20261129_000014_outbox;
mod m20261129_000015_tokens;
mod m20261129_000016_users;
mod m20261129_000017_standing;
mod m20261129_000018_daily_work;
mod m20261129_000019_settings;
mod m20261129_000020_test_calls;
mod m20261129_000021_audit_of_user;
mod schema;

/// All migrations. Prefer [`crate::up`] and [`crate::down`], which hold a lock.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_businesses::Migration),
            Box::new(m20261121_000002_leads::Migration),
            Box::new(m20261121_000003_appointments::Migration),
            Box::new(m20261121_000004_calls::Migration),
            Box::new(m20261121_000005_messages::Migration),
            Box::new(m20261121_000006_lead_changes::Migration),
            Box::new(m20261128_000007_early_statuses::Migration),
            Box::new(m20261129_000008_call_snapshots::Migration),
            Box::new(m20261129_000009_nodes::Migration),
            Box::new(m20261129_000010_conversations::Migration),
            Box::new(m20261129_000011_deleted_counts::Migration),
            Box::new(m20261129_000012_erasures::Migration),
            Box::new(m20261129_000013_message_cost::Migration),
            Box::new(m20261129_000014_outbox::Migration),
            Box::new(m20261129_000015_tokens::Migration),
            Box::new(m20261129_000016_users::Migration),
            Box::new(m20261129_000017_standing::Migration),
            Box::new(m20261129_000018_daily_work::Migration),
            Box::new(m20261129_000019_settings::Migration),
            Box::new(m20261129_000020_test_calls::Migration),
            Box::new(m20261129_000021_audit_of_user::Migration),
        ]
    }
}
