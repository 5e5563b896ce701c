//! Who lives on a database: daemons, and commands that need it alone (OPS-11).
//!
//! On SQLite this is the operating system's lock of a file beside the database; one daemon lives there at
//! most. On PostgreSQL it is an advisory lock on a connection of its own: daemons share it. Either ends
//! with the process, however that ends.

mod error;
mod file;

use std::fs::File;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

pub use error::PresenceError;
pub(crate) use file::is_sqlite;
pub use file::may_open;

/// How often a daemon looks whether its connection is there.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long PostgreSQL may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The lock of this schema: other Frontdesks of the same database have theirs.
const KEY: &str = "hashtextextended('frontdesk presence ' || coalesce(current_schema(), ''), 0)";

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

impl Held {
    fn of(lock: Option<File>) -> Self {
        lock.map_or(Self::Nothing, Self::File)
    }
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
            return Ok(Self(Held::of(file::lock(url)?)));
        }
        let connection = connect(url, Kind::Shared).await?;
        let keeper = tokio::spawn(keep(connection, url.to_owned()));
        Ok(Self(Held::Keeper(Keeper(keeper))))
    }

    /// A command's that nobody may live with.
    pub async fn alone(url: &str) -> Result<Self, PresenceError> {
        if is_sqlite(url) {
            return Ok(Self(Held::of(file::lock(url)?)));
        }
        Ok(Self(Held::Connection(connect(url, Kind::Alone).await?)))
    }

    /// A command's that makes a SQLite file; hold it until the file is there. `None` if nothing is to be
    /// made, or can be: then the database may be opened as it is.
    pub fn to_create(url: &str) -> Result<Option<Self>, PresenceError> {
        if !file::is_to_be_made(url) {
            return Ok(None);
        }
        Ok(Some(Self(Held::of(file::lock(url)?))))
    }
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
