use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why nobody may live there.
#[derive(Debug, Error)]
pub enum PresenceError {
    /// Another daemon lives there, or a command needs it alone.
    #[error(
        "another daemon is running on this database, or a migration is: stop it first, or use a \
         database of your own"
    )]
    Taken,
    /// As `Taken`; the daemon waits for the file.
    #[error(
        "the database file {} is gone, and a daemon is running on it, or a migration is: put the file \
         back; or, for a new database, stop it first", .0.display()
    )]
    Away(PathBuf),
    /// SQLite would delete the log, if a new file lay beside it.
    #[error(
        "{} holds what was written last, but its database file {} is gone or empty: put the file back; \
         or, for a new database, remove the log", log.display(), file.display()
    )]
    LeftLog { file: PathBuf, log: PathBuf },
    #[error("the lock {}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the database's lock can't be had: {0}")]
    Database(sqlx::Error),
    #[error("the database did not answer in time")]
    TooSlow,
}
