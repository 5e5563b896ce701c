//! The database as commands open it.

use std::time::Duration;

use entities::{DatabaseConnection, PoolSettings};

use crate::config::Database;
use crate::database::{self, DatabaseError};

/// Two connections, and a short wait for each: somebody waits at the terminal.
const POOL: PoolSettings =
    PoolSettings { max_connections: 2, acquire_timeout: Duration::from_secs(5) };

/// Opens the database as it is.
pub(super) async fn connect(config: &Database) -> Result<DatabaseConnection, DatabaseError> {
    database::connect(config, POOL).await
}

/// Opens the database with its schema up to date.
pub(super) async fn open(config: &Database) -> Result<DatabaseConnection, DatabaseError> {
    database::open(config, POOL).await
}
