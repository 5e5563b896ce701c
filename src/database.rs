//! Opens the configured database, and brings its schema up to date.

mod locked;

use entities::{ConnectError, Database, OpenMode, PoolSettings, Trouble};
use migration::MigrateError;
use migration::presence::{self, Presence, PresenceError};
use thiserror::Error;

use crate::config;
pub use locked::LockedError;

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
    #[error("{0}")]
    Connect(ConnectError),
    #[error("{0}: `frontdesk serve`, `migrate up` and `business import` make one")]
    Missing(ConnectError),
    /// A daemon lives on it, or a command needs it alone.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    /// It has tables, and none of a Frontdesk.
    #[error(
        "{0} is the database of another program: set database.url to a file of Frontdesk's own"
    )]
    Foreign(String),
    #[error("the database {0} is damaged: restore it from a backup")]
    Damaged(String),
    #[error(transparent)]
    Locked(LockedError),
    /// The schema could not be migrated, or not read.
    #[error("the database's schema: {0}")]
    Migrate(MigrateError),
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
            ConnectError::Url
            | ConnectError::NoFolder(_)
            | ConnectError::Damaged(_)
            | ConnectError::Denied(_)
            | ConnectError::Locked(_)
            | ConnectError::Unreachable { .. }
            | ConnectError::Login { .. }
            | ConnectError::NoDatabase { .. }
            | ConnectError::Refused(_)
            | ConnectError::Runtime(_) => Self::Connect(error),
        }
    }
}

/// Opens a database that exists, as it is.
pub(crate) async fn connect(
    config: &config::Database,
    pool: PoolSettings,
) -> Result<Database, DatabaseError> {
    presence::may_open(config.url.expose())?;
    Ok(Database::connect(config.url.expose(), pool, OpenMode::Existing).await?)
}

/// Opens a database that exists, with its schema up to date. Migrates nothing.
pub(crate) async fn open(
    config: &config::Database,
    pool: PoolSettings,
) -> Result<Database, DatabaseError> {
    let db = connect(config, pool).await?;
    let looked = look(config, &db).await;
    match looked {
        Ok(pending) if pending.is_empty() => Ok(db),
        Ok(pending) => Err(DatabaseError::Pending(pending)),
        Err(error) => Err(error),
    }
}

/// Opens the database as it is. A missing SQLite file is made by one who has it alone: under a daemon
/// whose file was taken away, none is made.
pub(crate) async fn create(
    config: &config::Database,
    pool: PoolSettings,
) -> Result<(Database, Option<Presence>), DatabaseError> {
    let url = config.url.expose();
    let alone = Presence::to_create(url)?;
    let mode = match (&alone, entities::sqlite_file(url)) {
        (None, Some(_)) => OpenMode::Existing,
        (Some(_), _) | (None, None) => OpenMode::Create,
    };
    Ok((Database::connect(url, pool, mode).await?, alone))
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
    let (db, _alone) = match (mode, owner) {
        (DatabaseMode::Live, Owner::Command) => create(config, pool).await?,
        (DatabaseMode::Live, Owner::Daemon) => {
            (Database::connect(url, pool, OpenMode::Create).await?, None)
        }
        (DatabaseMode::Simulated, _) => (Database::simulated(url, pool)?, None),
    };
    let pending = look(config, &db).await?;
    if pending.is_empty() {
        return Ok(db);
    }
    if !config.url.is_sqlite() {
        return Err(DatabaseError::Pending(pending));
    }
    // A daemon that lives on an older schema is of another version.
    let _alone = match (owner, _alone) {
        (Owner::Daemon, _) => None,
        (Owner::Command, Some(alone)) => Some(alone),
        (Owner::Command, None) => Some(Presence::alone(url).await?),
    };
    let migrated = db.change_schema(|db| async move { migration::up(&db, None).await }).await;
    migrated.map_err(|error| explained(config, error))?;
    Ok(db)
}

/// The migrations that are missing. Refuses the database of another program.
async fn look(config: &config::Database, db: &Database) -> Result<Vec<String>, DatabaseError> {
    let looked = db.read(|db| async move {
        let pending = migration::pending(&db).await?;
        let foreign = !pending.is_empty() && migration::is_foreign(&db).await?;
        Ok::<_, MigrateError>((pending, foreign))
    });
    match looked.await.map_err(|error| explained(config, error))? {
        (_, true) => Err(DatabaseError::Foreign(config.url.shown())),
        (pending, false) => Ok(pending),
    }
}

/// What a failed look at the schema, or a failed change of it, means.
fn explained(config: &config::Database, error: MigrateError) -> DatabaseError {
    let trouble = match &error {
        MigrateError::Database(cause) => Trouble::of(cause),
        MigrateError::UnknownMigrations(_)
        | MigrateError::Unconfirmed
        | MigrateError::Presence(_) => None,
    };
    match trouble {
        Some(Trouble::Damaged) => DatabaseError::Damaged(config.url.shown()),
        Some(Trouble::Busy) => DatabaseError::Locked(LockedError::of(config)),
        Some(Trouble::Away | Trouble::Full | Trouble::ReadOnly) | None => {
            DatabaseError::Migrate(error)
        }
    }
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
