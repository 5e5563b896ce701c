//! Opens the configured database, and brings its schema up to date.

use entities::{ConnectError, Database, OpenMode, PoolSettings};
use migration::MigrateError;
use migration::presence::{Presence, PresenceError};
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
    Connect(ConnectError),
    #[error("{0}: `frontdesk serve`, `migrate up` and `business import` make one")]
    Missing(ConnectError),
    /// A daemon lives on it.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    /// The schema could not be migrated, or not read.
    #[error("the database's schema: {0}")]
    Migrate(#[from] MigrateError),
    /// These migrations are missing. Few commands migrate SQLite, and none PostgreSQL.
    #[error(
        "the database lacks {} of this build's migrations: apply them with `frontdesk migrate up`",
        .0.len()
    )]
    Pending(Vec<String>),
}

/// Whose a database is while its schema is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A daemon's, which holds its [`Presence`].
    Daemon,
    /// A command's, on whose database a daemon may live.
    Command,
}

impl From<ConnectError> for DatabaseError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Missing(_) => Self::Missing(error),
            ConnectError::Url | ConnectError::Refused(_) | ConnectError::Runtime(_) => {
                Self::Connect(error)
            }
        }
    }
}

/// Opens a database that exists, as it is.
pub(crate) async fn connect(
    config: &config::Database,
    pool: PoolSettings,
) -> Result<Database, DatabaseError> {
    Ok(Database::connect(config.url.expose(), pool, OpenMode::Existing).await?)
}

/// Opens a database that exists, with its schema up to date. Migrates nothing.
pub(crate) async fn open(
    config: &config::Database,
    pool: PoolSettings,
) -> Result<Database, DatabaseError> {
    let db = connect(config, pool).await?;
    refuse_pending(&db).await?;
    Ok(db)
}

/// Opens the database with its schema up to date. A SQLite file is created and migrated; any other
/// database must have been migrated before (OPS-5).
pub(crate) async fn open_or_create(
    config: &config::Database,
    pool: PoolSettings,
    mode: DatabaseMode,
    owner: Owner,
) -> Result<Database, DatabaseError> {
    let url = config.url.expose();
    let db = match mode {
        DatabaseMode::Live => Database::connect(url, pool, OpenMode::Create).await?,
        DatabaseMode::Simulated => Database::simulated(url, pool)?,
    };
    if !config.url.is_sqlite() {
        refuse_pending(&db).await?;
        return Ok(db);
    }
    if pending(&db).await?.is_empty() {
        return Ok(db);
    }
    // A daemon that lives on an older schema is of another version.
    let _alone = match owner {
        Owner::Daemon => None,
        Owner::Command => Some(Presence::alone(url).await?),
    };
    db.change_schema(|db| async move { migration::up(&db, None).await }).await?;
    Ok(db)
}

async fn refuse_pending(db: &Database) -> Result<(), DatabaseError> {
    let pending = pending(db).await?;
    if pending.is_empty() { Ok(()) } else { Err(DatabaseError::Pending(pending)) }
}

async fn pending(db: &Database) -> Result<Vec<String>, MigrateError> {
    db.read(|db| async move { migration::pending(&db).await }).await
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
        let (pool, mode) = (PoolSettings::default(), DatabaseMode::Simulated);
        let db = open_or_create(&config, pool, mode, Owner::Daemon).await.unwrap();
        assert_eq!(businesses::list(&db, None, 1).await.unwrap().items, []);
        db.faults().unwrap().set(DatabaseFault::Gone, FaultExtent::Next(1));
        assert!(businesses::list(&db, None, 1).await.is_err());
        db.close().await.unwrap();
    }
}
