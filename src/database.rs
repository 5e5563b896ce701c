//! Opens the configured database, and brings its schema up to date.

use entities::{ConnectError, Database, OpenMode, PoolSettings};
use migration::MigrateError;
use thiserror::Error;

use crate::config;

/// How queries run: see [`Database`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseMode {
    Live,
    /// In no virtual time, and with faults.
    Simulated,
}

/// Why the database can't be used.
#[derive(Debug, Error)]
pub enum DatabaseError {
    #[error("{0}: set database.url to one that can be reached from here")]
    Connect(#[from] ConnectError),
    /// The schema could not be migrated, or not read.
    #[error("the database's schema: {0}")]
    Migrate(#[from] MigrateError),
    /// These migrations are missing. PostgreSQL is migrated only when its operator says so.
    #[error(
        "the database lacks {} of this build's migrations: apply them with `frontdesk migrate up`",
        .0.len()
    )]
    Pending(Vec<String>),
}

/// Opens the database as it is.
pub(crate) async fn connect(
    config: &config::Database,
    pool: PoolSettings,
    mode: DatabaseMode,
) -> Result<Database, DatabaseError> {
    Ok(match mode {
        DatabaseMode::Live => {
            Database::connect(config.url.expose(), pool, OpenMode::Create).await?
        }
        DatabaseMode::Simulated => Database::simulated(config.url.expose(), pool)?,
    })
}

/// Opens the database with its schema up to date. A SQLite file is migrated; any other database must
/// have been migrated before (OPS-5).
pub(crate) async fn open(
    config: &config::Database,
    pool: PoolSettings,
    mode: DatabaseMode,
) -> Result<Database, DatabaseError> {
    let db = connect(config, pool, mode).await?;
    if config.url.is_sqlite() {
        db.write(move |db| async move { migration::up(&db, None).await }).await?;
        return Ok(db);
    }
    let pending = db.read(|db| async move { migration::pending(&db).await }).await?;
    if pending.is_empty() { Ok(db) } else { Err(DatabaseError::Pending(pending)) }
}

#[cfg(test)]
mod tests {
    use entities::{DatabaseFault, FaultExtent, businesses};

    use super::*;
    use crate::config::DatabaseUrl;

    #[tokio::test(start_paused = true)]
    async fn a_simulated_database_has_its_schema_and_faults_that_can_be_set() {
        let url = DatabaseUrl::parse("sqlite::memory:").unwrap();
        let config = config::Database { url };
        let db = open(&config, PoolSettings::default(), DatabaseMode::Simulated).await.unwrap();
        assert_eq!(businesses::list(&db, None, 1).await.unwrap().items, []);
        db.faults().unwrap().set(DatabaseFault::Gone, FaultExtent::Next(1));
        assert!(businesses::list(&db, None, 1).await.is_err());
        db.close().await.unwrap();
    }
}
