//! Migrates a database's schema: in one transaction, and one process at a time.

use std::collections::BTreeSet;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};
use thiserror::Error;

use crate::Migrator;
use crate::presence::PresenceError;

/// The PostgreSQL advisory lock of migrations; any number that nothing else uses.
const MIGRATION_LOCK: i64 = 0x0066_726f_6e74_6465;

/// The schema was not changed.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// A newer Frontdesk has migrated this database.
    #[error(
        "the database has migrations this build does not know ({}): a newer Frontdesk made \
         them, so use that one",
        .0.join(", ")
    )]
    UnknownMigrations(Vec<String>),
    /// A command that deletes rows, without its confirmation.
    #[error("this deletes every row of the tables that it reverts; say --yes to confirm")]
    Unconfirmed,
    #[error(transparent)]
    Presence(#[from] PresenceError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationStatus {
    Applied,
    Pending,
}

/// The names of the migrations that were reverted and then applied, in that order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub reverted: Vec<String>,
    pub applied: Vec<String>,
}

/// Applies `steps` pending migrations, or all. Two daemons may do so at the same time.
pub async fn up(db: &DatabaseConnection, steps: Option<u32>) -> Result<Changes, MigrateError> {
    let transaction = begin(db).await?;
    let before = applied(&transaction).await?;
    Migrator::up(&transaction, steps).await?;
    let after = applied(&transaction).await?;
    transaction.commit().await?;
    Ok(Changes { reverted: Vec::new(), applied: missing_from(&before, after) })
}

/// Reverts the `steps` newest migrations, or all. Their tables' rows are lost.
pub async fn down(db: &DatabaseConnection, steps: Option<u32>) -> Result<Changes, MigrateError> {
    let transaction = begin(db).await?;
    let mut before = applied(&transaction).await?;
    Migrator::down(&transaction, steps).await?;
    let after = applied(&transaction).await?;
    transaction.commit().await?;
    before.reverse();
    Ok(Changes { reverted: missing_from(&after, before), applied: Vec::new() })
}

/// Reverts and applies all migrations, which leaves empty tables. Tables of other programs stay.
pub async fn fresh(db: &DatabaseConnection) -> Result<Changes, MigrateError> {
    let transaction = begin(db).await?;
    let mut reverted = applied(&transaction).await?;
    reverted.reverse();
    Migrator::refresh(&transaction).await?;
    let applied = applied(&transaction).await?;
    transaction.commit().await?;
    Ok(Changes { reverted, applied })
}

/// All migrations that this build knows, oldest first. Writes nothing.
pub async fn status(
    db: &DatabaseConnection,
) -> Result<Vec<(String, MigrationStatus)>, MigrateError> {
    let applied = applied(db).await?;
    let status_of = |name: &String| match applied.contains(name) {
        true => MigrationStatus::Applied,
        false => MigrationStatus::Pending,
    };
    Ok(known().into_iter().map(|name| (name.clone(), status_of(&name))).collect())
}

/// The migrations that are not applied yet, oldest first. A daemon serves only if there are none.
/// Writes nothing, and needs no permission to create tables.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    let applied = applied(db).await?;
    Ok(missing_from(&applied, known()))
}

/// Whether a SQLite database has tables, and none of a Frontdesk. A server's schema may be shared.
pub async fn is_foreign(db: &DatabaseConnection) -> Result<bool, MigrateError> {
    if db.get_database_backend() != DbBackend::Sqlite
        || SchemaManager::new(db).has_table("seaql_migrations").await?
    {
        return Ok(false);
    }
    let tables =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let counted = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, tables)).await?;
    let count: i64 = counted.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(count > 0)
}

/// Begins the one transaction of a migration. A second process waits here until the first is done.
async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if db.get_database_backend() == DbBackend::Postgres {
        // A large table takes its time, and so does the process before.
        let lock = format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
             SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"
        );
        transaction.execute_unprepared(&lock).await?;
    }
    Ok(transaction)
}

async fn applied<C: ConnectionTrait>(db: &C) -> Result<Vec<String>, MigrateError>
where
    for<'c> &'c C: sea_orm_migration::IntoSchemaManagerConnection<'c>,
{
    if !SchemaManager::new(db).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let rows = seaql_migrations::Entity::find().all(db).await?;
    let in_database: BTreeSet<String> = rows.into_iter().map(|row| row.version).collect();
    let known: BTreeSet<String> = known().into_iter().collect();
    let newer: Vec<String> = in_database.difference(&known).cloned().collect();
    if newer.is_empty() {
        Ok(in_database.into_iter().collect())
    } else {
        Err(MigrateError::UnknownMigrations(newer))
    }
}

fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

fn missing_from(there: &[String], names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| !there.contains(name)).collect()
}
