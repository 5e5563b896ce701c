//! The advisory lock of a PostgreSQL database, on a connection of its own.
//!
//! The lock ends with its connection, and that ends with the server or at an administrator's word. A daemon
//! then waits in line for the lock. So who wants the database alone takes the lock, holds it for longer than
//! a daemon needs to come back, and looks whether one waits.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::{sleep, timeout};

use super::error::PresenceError;

/// How often a daemon looks whether its connection is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between tries to take a lost lock again: at first, and at last.
const RETRY: Duration = Duration::from_millis(200);
const SLOWEST_RETRY: Duration = Duration::from_secs(1);
/// How long a daemon whose lock was lost has to come back.
const GRACE: Duration = Duration::from_secs(3);
const _: () = assert!(GRACE.as_millis() > LOOK_EVERY.as_millis() + SLOWEST_RETRY.as_millis());
/// How long PostgreSQL may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a daemon waits in line at a time.
const IN_LINE: Duration = Duration::from_secs(4);
const _: () = assert!(IN_LINE.as_millis() < PATIENCE.as_millis());
/// The lock of this schema: other Frontdesks of the same database have theirs.
const KEY: &str = "hashtextextended('frontdesk presence ' || coalesce(current_schema(), ''), 0)";

/// A daemon's lock, for [`keep`]. Fails while a command has the database alone.
pub(super) async fn shared(url: &str) -> Result<PgConnection, PresenceError> {
    let mut connection = connect(url).await?;
    ask(&mut connection, format!("SELECT pg_try_advisory_lock_shared({KEY})")).await?;
    Ok(connection)
}

/// The lock of one who has the database alone. Takes [`GRACE`].
pub(super) async fn alone(url: &str) -> Result<PgConnection, PresenceError> {
    let mut connection = connect(url).await?;
    ask(&mut connection, format!("SELECT pg_try_advisory_lock({KEY})")).await?;
    sleep(GRACE).await;
    // Only a daemon that comes back waits.
    let nobody_waits = format!(
        "SELECT NOT EXISTS (SELECT FROM pg_locks \
         WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND (classid::bigint << 32 | objid::bigint) = {KEY})"
    );
    ask(&mut connection, nobody_waits).await?;
    Ok(connection)
}

/// Keeps a daemon's lock: takes it again whenever the connection was lost.
pub(super) async fn keep(mut connection: PgConnection, url: String) {
    loop {
        sleep(LOOK_EVERY).await;
        if !matches!(timeout(PATIENCE, connection.ping()).await, Ok(Ok(()))) {
            tracing::warn!(
                "the connection that tells others of this daemon was lost: until it is made again, a \
                 migration may not notice the daemon"
            );
            connection = take_again(&url).await;
            tracing::info!("the connection that tells others of this daemon is made again");
        }
    }
}

async fn take_again(url: &str) -> PgConnection {
    let mut pause = RETRY;
    loop {
        // A server that is away is told of elsewhere.
        if let Ok(connection) = wait_in_line(url).await {
            return connection;
        }
        sleep(pause).await;
        pause = SLOWEST_RETRY.min(pause * 2);
    }
}

/// Waits for the lock, where a command sees it.
async fn wait_in_line(url: &str) -> Result<PgConnection, PresenceError> {
    let mut connection = connect(url).await?;
    // Otherwise PostgreSQL would wait on after us, on one connection for each try.
    let limit =
        format!("SELECT set_config('lock_timeout', '{}', false) <> ''", IN_LINE.as_millis());
    ask(&mut connection, limit).await?;
    ask(&mut connection, format!("SELECT pg_advisory_lock_shared({KEY}) IS NOT NULL")).await?;
    Ok(connection)
}

async fn connect(url: &str) -> Result<PgConnection, PresenceError> {
    let connecting = timeout(PATIENCE, PgConnection::connect(url)).await;
    connecting.map_err(|_| PresenceError::TooSlow)?.map_err(PresenceError::Database)
}

/// Fails unless the answer is yes.
async fn ask(connection: &mut PgConnection, question: String) -> Result<(), PresenceError> {
    let asked = sqlx::query_scalar::<_, bool>(AssertSqlSafe(question)).fetch_one(connection);
    match timeout(PATIENCE, asked).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(PresenceError::Taken),
        Ok(Err(error)) => Err(PresenceError::Database(error)),
        Err(_) => Err(PresenceError::TooSlow),
    }
}
