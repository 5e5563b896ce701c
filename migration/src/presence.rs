//! Who lives on a database: daemons, and commands that need it alone (OPS-11).
//!
//! On SQLite this is the operating system's lock of a file beside the database; one daemon lives there at
//! most. On PostgreSQL it is an advisory lock on a connection of its own: daemons share it. Either ends
//! with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection};
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How often a daemon looks whether its connection is there.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long PostgreSQL may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The lock of this schema: other Frontdesks of the same database have theirs.
const KEY: &str = "hashtextextended('frontdesk presence ' || coalesce(current_schema(), ''), 0)";

/// Why nobody may live there.
#[derive(Debug, Error)]
pub enum PresenceError {
    /// Another daemon lives there, or a command needs it alone.
    #[error(
        "another daemon is running on this database, or a migration is: stop it first, or use a \
         database of your own"
    )]
    Taken,
    #[error("the lock {}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the database's lock can't be had: {0}")]
    Database(sqlx::Error),
    #[error("the database did not answer in time")]
    TooSlow,
}

/// Lasts until it is dropped.
#[derive(Debug)]
pub struct Presence(#[expect(dead_code, reason = "held for what its drop does")] Held);

#[derive(Debug)]
#[expect(dead_code, reason = "held for what their drop does")]
enum Held {
    /// A database in memory: nobody else can come.
    Nothing,
    File(File),
    Connection(PgConnection),
    /// Keeps a connection.
    Keeper(Keeper),
}

#[derive(Debug)]
struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shared,
    Alone,
}

impl Presence {
    /// A daemon's: no command can take its database apart, and no second daemon can live on its file.
    pub async fn of_daemon(url: &str) -> Result<Self, PresenceError> {
        if is_sqlite(url) {
            return of_file(url);
        }
        let connection = connect(url, Kind::Shared).await?;
        let keeper = tokio::spawn(keep(connection, url.to_owned()));
        Ok(Self(Held::Keeper(Keeper(keeper))))
    }

    /// A command's that nobody may live with.
    pub async fn alone(url: &str) -> Result<Self, PresenceError> {
        if is_sqlite(url) {
            return of_file(url);
        }
        Ok(Self(Held::Connection(connect(url, Kind::Alone).await?)))
    }
}

pub(crate) fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn of_file(url: &str) -> Result<Presence, PresenceError> {
    let Some(path) = lock_of(url) else { return Ok(Presence(Held::Nothing)) };
    let failed = |error| PresenceError::File { path: path.clone(), error };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Presence(Held::File(file))),
        Err(TryLockError::WouldBlock) => Err(PresenceError::Taken),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The file beside the database; `None` for one in memory. Two paths of one file have one lock.
fn lock_of(url: &str) -> Option<PathBuf> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return None;
    }
    let options = url.parse::<SqliteConnectOptions>().ok()?;
    let path = options.get_filename();
    let path = path.canonicalize().or_else(|_| in_real_folder(path)).unwrap_or(path.to_owned());
    let mut name = path.file_name()?.to_owned();
    name.push(".lock");
    Some(path.with_file_name(name))
}

/// The path of a file that does not exist yet.
fn in_real_folder(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

async fn connect(url: &str, kind: Kind) -> Result<PgConnection, PresenceError> {
    let connecting = async {
        let mut connection = PgConnection::connect(url).await?;
        let function = match kind {
            Kind::Shared => "pg_try_advisory_lock_shared",
            Kind::Alone => "pg_try_advisory_lock",
        };
        let lock = AssertSqlSafe(format!("SELECT {function}({KEY})"));
        let locked = sqlx::query_scalar::<_, bool>(lock).fetch_one(&mut connection).await?;
        Ok((connection, locked))
    };
    match timeout(PATIENCE, connecting).await {
        Ok(Ok((connection, true))) => Ok(connection),
        Ok(Ok((_, false))) => Err(PresenceError::Taken),
        Ok(Err(error)) => Err(PresenceError::Database(error)),
        Err(_) => Err(PresenceError::TooSlow),
    }
}

/// Takes the lock again whenever the connection was lost.
async fn keep(mut connection: PgConnection, url: String) {
    loop {
        sleep(LOOK_EVERY).await;
        while !matches!(timeout(PATIENCE, connection.ping()).await, Ok(Ok(()))) {
            // A daemon whose database is away says so elsewhere.
            match connect(&url, Kind::Shared).await {
                Ok(again) => connection = again,
                Err(_) => sleep(LOOK_EVERY).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ops_11_one_lives_on_a_file_whatever_its_path_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("calls.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let daemon = Presence::of_daemon(&url).await.unwrap();
        File::create(&file).unwrap();
        let other = folder.path().join("other.db");
        std::os::unix::fs::symlink(&file, &other).unwrap();
        for same in [url.clone(), format!("sqlite:{}", other.display())] {
            assert!(
                matches!(Presence::of_daemon(&same).await, Err(PresenceError::Taken)),
                "{same}"
            );
            assert!(matches!(Presence::alone(&same).await, Err(PresenceError::Taken)), "{same}");
        }
        drop(daemon);
        let alone = Presence::alone(&url).await.unwrap();
        assert!(matches!(Presence::of_daemon(&url).await, Err(PresenceError::Taken)));
        drop(alone);
        Presence::of_daemon(&url).await.unwrap();
    }

    #[tokio::test]
    async fn ops_11_in_memory_nobody_meets() {
        let first = Presence::of_daemon("sqlite::memory:").await.unwrap();
        Presence::of_daemon("sqlite::memory:").await.unwrap();
        Presence::alone("sqlite://x?mode=memory").await.unwrap();
        drop(first);
    }
}
