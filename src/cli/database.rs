//! The database as commands open it.

use std::time::Duration;

use ::migration::MigrateError;
use entities::{Database, PoolSettings};

use super::error::CliError;
use crate::config::{self, Config};
use crate::database::{self, DatabaseError, DatabaseMode, Owner};

/// Two connections, and a short wait for each: somebody waits at the terminal.
const POOL: PoolSettings =
    PoolSettings { max_connections: 2, acquire_timeout: Duration::from_secs(5) };

/// Opens a database that exists, as it is.
pub(super) async fn connect(config: &config::Database) -> Result<Database, DatabaseError> {
    database::connect(config, POOL).await
}

/// Opens the database as it is; a SQLite file is created.
pub(super) async fn create(config: &config::Database) -> Result<Database, DatabaseError> {
    database::create(config, POOL).await.map(|(db, _alone)| db)
}

/// Opens a database that exists, with its schema up to date.
pub(super) async fn open(config: &config::Database) -> Result<Database, DatabaseError> {
    database::open(config, POOL).await
}

/// Works on a database that exists, with its schema up to date. What its errors mean is explained.
pub(super) async fn with_open<T, F>(
    config: &Config,
    work: impl FnOnce(Database) -> F,
) -> Result<T, CliError>
where
    F: Future<Output = Result<T, CliError>>,
{
    with(open(&config.database).await?, config, work).await
}

/// The same with a database that is open already. It is closed afterwards.
pub(super) async fn with<T, F>(
    db: Database,
    config: &Config,
    work: impl FnOnce(Database) -> F,
) -> Result<T, CliError>
where
    F: Future<Output = Result<T, CliError>>,
{
    let done = work(db.clone()).await.map_err(|error| error.explained(&config.database));
    // A SQLite file is whole without its write-ahead log only after this.
    db.close().await?;
    done
}

/// Whether it has every table of this version.
pub(super) async fn is_up_to_date(db: &Database) -> Result<bool, MigrateError> {
    Ok(db.read(|db| async move { ::migration::pending(&db).await }).await?.is_empty())
}

/// Opens the database with its schema up to date: SQLite is created, and migrated if no daemon lives on
/// it.
pub(super) async fn open_or_create(config: &config::Database) -> Result<Database, DatabaseError> {
    database::open_or_create(config, POOL, DatabaseMode::Live, Owner::Command).await
}
