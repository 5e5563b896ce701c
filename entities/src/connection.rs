//! Opens the database, and begins transactions that write.

use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use thiserror::Error;

/// How long a SQLite statement waits for another writer.
pub(crate) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// A SQLite database in memory ignores this and has one connection, because it ends with it.
    pub max_connections: u32,
    /// How long a query waits for a free connection before it fails.
    pub acquire_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { max_connections: 10, acquire_timeout: Duration::from_secs(10) }
    }
}

/// Why the database could not be opened. No message contains the URL: it may hold a password.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The URL is of no supported database.
    #[error("expected sqlite://FILE?mode=rwc or postgres://USER@HOST/DATABASE")]
    Url,
    /// The database refused the connection or could not be reached.
    #[error("the database could not be opened: {0}")]
    Refused(DbErr),
    /// The threads of a simulated database could not be started.
    #[error("no runtime for the database: {0}")]
    Runtime(#[source] std::io::Error),
}

pub(crate) fn options(url: &str, pool: PoolSettings) -> Result<ConnectOptions, ConnectError> {
    let is_sqlite = url.starts_with("sqlite:");
    if !(is_sqlite || url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(ConnectError::Url);
    }
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(pool.max_connections.max(1))
        .acquire_timeout(pool.acquire_timeout)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(sqlite_options);
    if is_sqlite && (url.contains(":memory:") || url.contains("mode=memory")) {
        options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    }
    Ok(options)
}

pub(crate) async fn open(options: ConnectOptions) -> Result<DatabaseConnection, ConnectError> {
    Database::connect(options).await.map_err(|error| {
        // SeaORM's own error text, unlike the driver's, repeats the whole URL.
        if matches!(error, DbErr::Conn(RuntimeErr::Internal(_))) {
            ConnectError::Url
        } else {
            ConnectError::Refused(error)
        }
    })
}

/// Begins a transaction that writes. On SQLite it takes the write lock at once: a transaction that
/// first reads and then writes fails with SQLITE_BUSY if another one has written in between.
pub(crate) async fn begin_write(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    db.begin_with_options(TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    })
    .await
}

fn sqlite_options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, Statement};

    use super::*;

    #[tokio::test]
    async fn ops_6_an_unusable_url_is_refused_without_repeating_its_password() {
        for url in ["mysql://root:hunter2@db/frontdesk", "postgres://root:hunter2@:x/y"] {
            let error = crate::Database::connect(url, PoolSettings::default()).await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    async fn pragma(db: &DatabaseConnection, name: &str) -> String {
        let row = db.query_one_raw(Statement::from_string(
            DbBackend::Sqlite,
            format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"),
        ));
        row.await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    #[tokio::test]
    async fn a_sqlite_file_is_created_and_its_readers_do_not_wait_for_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("new.db").display());
        let db = open(options(&url, PoolSettings::default()).unwrap()).await.unwrap();
        assert_eq!(pragma(&db, "journal_mode").await, "wal");
        assert_eq!(pragma(&db, "synchronous").await, "1");
        assert_eq!(pragma(&db, "foreign_keys").await, "1");
    }
}
