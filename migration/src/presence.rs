//! Who lives on a database: daemons, and commands that need it alone (OPS-11).
//!
//! On SQLite this is the operating system's lock of a file beside the database; one daemon lives there at
//! most. On PostgreSQL it is an advisory lock on a connection of its own: daemons share it. Either ends
//! with the process, however that ends.

mod error;
mod file;
mod server;

use std::fs::File;

use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;

pub use error::PresenceError;
pub(crate) use file::is_sqlite;
pub use file::may_open;

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

impl Presence {
    /// A daemon's: no command can take its database apart, and no second daemon can live on its file.
    pub async fn of_daemon(url: &str) -> Result<Self, PresenceError> {
        if is_sqlite(url) {
            return Ok(Self(Held::of(file::lock(url)?)));
        }
        let connection = server::shared(url).await?;
        let keeper = tokio::spawn(server::keep(connection, url.to_owned()));
        Ok(Self(Held::Keeper(Keeper(keeper))))
    }

    /// A command's that nobody may live with.
    pub async fn alone(url: &str) -> Result<Self, PresenceError> {
        if is_sqlite(url) {
            return Ok(Self(Held::of(file::lock(url)?)));
        }
        Ok(Self(Held::Connection(server::alone(url).await?)))
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
