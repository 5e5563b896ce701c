//! The database as commands open it.

use std::time::Duration;

use entities::{Database, PoolSettings};

use crate::config;
use crate::database::{self, DatabaseError, DatabaseMode};

/// Two connections, and a short wait for each: somebody waits at the terminal.
const POOL: PoolSettings =
    PoolSettings { max_connections: 2, acquire_timeout: Duration::from_secs(5) };

/// Opens the database as it is.
pub(super) async fn connect(config: &config::Database) -> Result<Database, DatabaseError> {
    database::connect(config, POOL, DatabaseMode::Live).await
}

/// Opens the database with its schema up to date.
pub(super) async fn open(config: &config::Database) -> Result<Database, DatabaseError> {
    database::open(config, POOL, DatabaseMode::Live).await
}
