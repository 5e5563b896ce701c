//! Opening the configured database for a command.

use std::time::Duration;

use entities::{ConnectError, DatabaseConnection, PoolSettings};
use migration::MigrateError;
use thiserror::Error;

use crate::config;

/// How long to try to reach the database: somebody waits at the terminal.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a command has no database.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// It could not be opened.
    #[error("{0}: set database.url to one that can be reached from here")]
    Connect(#[from] ConnectError),
    /// Its schema could not be brought up to date, or looked at.
    #[error("the database's schema: {0}")]
    Migrate(#[from] MigrateError),
    /// A PostgreSQL database is moved when its operator says so.
    #[error(
        "the database lacks {} of this build's migrations: apply them with `frontdesk migrate up`",
        .0.len()
    )]
    Pending(Vec<String>),
}

/// Opens the database as it is.
///
/// # Errors
/// [`DatabaseError::Connect`].
pub(super) async fn connect(
    config: &config::Database,
) -> Result<DatabaseConnection, DatabaseError> {
    let pool = PoolSettings { max_connections: 2, acquire_timeout: PATIENCE };
    Ok(entities::connect(config.url.expose(), pool).await?)
}

/// Opens the database with its schema up to date: a SQLite file is migrated first (OPS-5), any
/// other database must have been.
///
/// # Errors
/// [`DatabaseError`].
pub(super) async fn open(config: &config::Database) -> Result<DatabaseConnection, DatabaseError> {
    let db = connect(config).await?;
    if config.url.is_sqlite() {
        migration::up(&db, None).await?;
        return Ok(db);
    }
    let pending = migration::pending(&db).await?;
    if pending.is_empty() { Ok(db) } else { Err(DatabaseError::Pending(pending)) }
}
