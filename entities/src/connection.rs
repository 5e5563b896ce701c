//! Opens the database, and begins transactions that write. A connection that comes back to the pool
//! with an open transaction is closed: what is written on it next would be reported as done, and lost
//! (OPS-10).

mod refusal;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{
    self, Connection, Executor, PgConnection, Postgres, Row, Sqlite, SqliteConnection,
};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::database::Watch;
pub(crate) use refusal::of_sqlite as refused;
pub use refusal::{ConnectError, why_postgres_is_away};
pub use sqlite::{SQLITE_BUSY_TIMEOUT, sqlite_file};
use sqlite::{SQLITE_CACHE_KIB, is_in_memory};

/// Whether the driver can read the URL.
#[must_use]
pub fn is_url(url: &str) -> bool {
    if url.starts_with("sqlite:") {
        return url.parse::<SqliteConnectOptions>().is_ok();
    }
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    is_postgres && url.parse::<PgConnectOptions>().is_ok()
}

/// How long PostgreSQL works on a statement, a statement waits for a lock, and a transaction waits for
/// its next statement. They end what is stuck; the migrations of a large table have no limit.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take to say whether it can be used again.
const RELEASE_PATIENCE: Duration = Duration::from_secs(5);

/// Whether a SQLite file that does not exist is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    Create,
    /// Whatever the URL says.
    Existing,
}

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

pub(crate) fn options(
    url: &str,
    pool: PoolSettings,
    mode: OpenMode,
    watch: Option<Arc<Watch>>,
) -> Result<ConnectOptions, ConnectError> {
    if !is_url(url) {
        return Err(ConnectError::Url);
    }
    let is_in_memory = is_in_memory(url);
    if let Some(path) = sqlite_file(url) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.exists()) {
            return Err(ConnectError::NoFolder(folder.to_owned()));
        }
        if mode == OpenMode::Existing && !path.exists() {
            return Err(ConnectError::Missing(path.display().to_string()));
        }
    }
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(pool.max_connections.max(1))
        .acquire_timeout(pool.acquire_timeout)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |options| {
            sqlite_options(options).create_if_missing(mode == OpenMode::Create)
        })
        .map_sqlx_postgres_opts(postgres_options)
        .map_sqlx_postgres_pool_opts(close_if_postgres_is_in_a_transaction);
    if is_in_memory {
        options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    } else {
        options.map_sqlx_sqlite_pool_opts(move |pool| close_unless_reusable(pool, watch.clone()));
    }
    Ok(options)
}

pub(crate) async fn open(
    url: &str,
    options: ConnectOptions,
) -> Result<DatabaseConnection, ConnectError> {
    match Database::connect(options).await {
        Ok(connection) => Ok(connection),
        Err(error) if url.starts_with("sqlite:") => Err(refusal::of_sqlite(url, error)),
        Err(error) => Err(refusal::of_postgres(url, error).await),
    }
}

/// Begins a transaction that writes. On SQLite it takes the write lock at once: a transaction that
/// first reads and then writes fails with SQLITE_BUSY if another one has written in between.
/// Within a transaction it sets a savepoint.
pub(crate) async fn begin_write<C>(db: &C) -> Result<DatabaseTransaction, DbErr>
where
    C: TransactionTrait<Transaction = DatabaseTransaction>,
{
    db.begin_with_options(TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    })
    .await
}

fn sqlite_options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        // What is deleted is not left in free pages (LEAD-5).
        .pragma("secure_delete", "ON")
        .pragma("cache_size", format!("-{SQLITE_CACHE_KIB}"))
}

fn postgres_options(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("statement_timeout", STATEMENT_TIMEOUT.as_millis()),
        ("lock_timeout", LOCK_TIMEOUT.as_millis()),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_TIMEOUT.as_millis()),
    ])
}

/// After a failed commit or rollback, SQLx can think that a transaction is over which SQLite still
/// holds, or the other way round. And a connection to a file that is away is of no use.
fn close_unless_reusable(
    pool: PoolOptions<Sqlite>,
    watch: Option<Arc<Watch>>,
) -> PoolOptions<Sqlite> {
    pool.after_release(move |connection, _| {
        let in_place = watch.as_ref().is_none_or(|watch| watch.look().is_ok());
        Box::pin(async move { Ok(in_place && is_reusable_sqlite(connection).await?) })
    })
}

async fn is_reusable_sqlite(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Succeeds only within a transaction. A thread that hangs in the disk never answers.
    let rollback = tokio::time::timeout(RELEASE_PATIENCE, connection.execute("ROLLBACK")).await;
    let was_in_one = rollback.map_err(|_| sqlx::Error::PoolTimedOut)?.is_ok();
    if was_in_one || connection.is_in_transaction() {
        tracing::error!("a database connection with an open transaction was closed");
        return Ok(false);
    }
    Ok(true)
}

/// A `BEGIN` that is cancelled leaves a transaction that SQLx does not know of.
fn close_if_postgres_is_in_a_transaction(pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    pool.after_release(|connection, _| Box::pin(is_reusable_postgres(connection)))
}

async fn is_reusable_postgres(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // Outside of a transaction, each simple statement is one of its own.
    let look = connection.fetch_one("SELECT transaction_timestamp() = statement_timestamp()");
    match tokio::time::timeout(RELEASE_PATIENCE, look).await {
        Ok(answer) => answer?.try_get(0),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, Statement};

    use super::*;

    #[tokio::test]
    async fn ops_6_an_unusable_url_is_refused_without_repeating_its_password() {
        for url in ["mysql://root:hunter2@db/frontdesk", "postgres://root:hunter2@:x/y"] {
            let error = crate::Database::connect(url, PoolSettings::default(), OpenMode::Create)
                .await
                .unwrap_err();
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
        let options = options(&url, PoolSettings::default(), OpenMode::Create, None).unwrap();
        let db = open(&url, options).await.unwrap();
        assert_eq!(pragma(&db, "journal_mode").await, "wal");
        assert_eq!(pragma(&db, "synchronous").await, "1");
        assert_eq!(pragma(&db, "foreign_keys").await, "1");
    }

    #[tokio::test]
    async fn res_7_the_pages_that_sqlite_keeps_are_bounded() {
        let url = "sqlite::memory:";
        let options = options(url, PoolSettings::default(), OpenMode::Create, None).unwrap();
        let db = open(url, options).await.unwrap();
        assert_eq!(pragma(&db, "cache_size").await, "-512");
    }
}
