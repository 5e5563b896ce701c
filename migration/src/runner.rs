//! Moving a database's schema: all or nothing, and one mover at a time.

use std::collections::BTreeSet;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};
use thiserror::Error;

use crate::Migrator;

/// What movers of one PostgreSQL database queue at; any number that nothing else uses.
const MOVERS_LOCK: i64 = 0x0066_726f_6e74_6465;

/// Why a schema was not moved.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// A newer Frontdesk has been at this database.
    #[error(
        "the database has migrations this build does not know ({}): a newer Frontdesk made \
         them, so use that one",
        .0.join(", ")
    )]
    Newer(Vec<String>),
    /// Everything would have been deleted, and nobody had confirmed it.
    #[error("fresh deletes every row of every table; say --yes if that is meant")]
    Unconfirmed,
    /// The database refused or could not be reached. Nothing was changed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Whether a migration is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Applied,
    /// It is not yet.
    Pending,
}

/// What a move did, by the migrations' names in the order they were done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Taken back.
    pub reverted: Vec<String>,
    /// Put in.
    pub applied: Vec<String>,
}

/// Applies pending migrations, `steps` of them or all; safe when two daemons do so at once.
///
/// # Errors
/// [`MigrateError`]; then the schema is as it was.
pub async fn up(db: &DatabaseConnection, steps: Option<u32>) -> Result<Progress, MigrateError> {
    let transaction = begin(db).await?;
    let before = applied(&transaction).await?;
    Migrator::up(&transaction, steps).await?;
    let after = applied(&transaction).await?;
    transaction.commit().await?;
    Ok(Progress { reverted: Vec::new(), applied: missing_from(&before, after) })
}

/// Takes back the `steps` newest migrations, or all; their tables' rows are lost.
///
/// # Errors
/// [`MigrateError`]; then the schema is as it was.
pub async fn down(db: &DatabaseConnection, steps: Option<u32>) -> Result<Progress, MigrateError> {
    let transaction = begin(db).await?;
    let mut before = applied(&transaction).await?;
    Migrator::down(&transaction, steps).await?;
    let after = applied(&transaction).await?;
    transaction.commit().await?;
    before.reverse();
    Ok(Progress { reverted: missing_from(&after, before), applied: Vec::new() })
}

/// Takes everything back and applies it again: empty tables. Foreign tables are not touched.
///
/// # Errors
/// [`MigrateError`]; then the schema and its rows are as they were.
pub async fn fresh(db: &DatabaseConnection) -> Result<Progress, MigrateError> {
    let transaction = begin(db).await?;
    let mut reverted = applied(&transaction).await?;
    reverted.reverse();
    Migrator::refresh(&transaction).await?;
    let applied = applied(&transaction).await?;
    transaction.commit().await?;
    Ok(Progress { reverted, applied })
}

/// Every migration this build knows, oldest first, and whether it is applied. Writes nothing.
///
/// # Errors
/// [`MigrateError`].
pub async fn status(db: &DatabaseConnection) -> Result<Vec<(String, Standing)>, MigrateError> {
    let applied = applied(db).await?;
    let standing = |name: &String| match applied.contains(name) {
        true => Standing::Applied,
        false => Standing::Pending,
    };
    Ok(known().into_iter().map(|name| (name.clone(), standing(&name))).collect())
}

/// The migrations that are not applied yet, oldest first: none of them may be left when a daemon
/// serves. Writes nothing, and needs no right to create tables.
///
/// # Errors
/// [`MigrateError`].
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, MigrateError> {
    let applied = applied(db).await?;
    Ok(missing_from(&applied, known()))
}

/// One transaction over all the steps: a failure leaves the schema where it was. A second mover
/// waits here, and then finds nothing left to do.
async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = db
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({MOVERS_LOCK})");
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
        Err(MigrateError::Newer(newer))
    }
}

fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

fn missing_from(there: &[String], names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| !there.contains(name)).collect()
}
