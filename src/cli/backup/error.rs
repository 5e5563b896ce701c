//! Why a backup or a restore failed.

use std::io;
use std::path::PathBuf;

use entities::RecordsError;
use thiserror::Error;

/// Why no copy was made, or none put in place.
#[derive(Debug, Error)]
pub enum BackupError {
    #[error(
        "the database is PostgreSQL: back it up with `pg_dump --format=custom --file=FILE URL`, and restore it \
         with `pg_restore --clean --if-exists --dbname=URL FILE`"
    )]
    Postgres,
    #[error("the database is in memory: there is no file of it")]
    InMemory,
    #[error("{} exists already: name a new file", .0.display())]
    Exists(PathBuf),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the copy failed: {0}")]
    Copy(RecordsError),
    /// Nothing is changed.
    #[error("{} is damaged ({damage}): take another backup", path.display())]
    Damaged { path: PathBuf, damage: String },
    #[error("{} is no backup of a Frontdesk", .0.display())]
    Foreign(PathBuf),
    #[error("{} is the database itself", .0.display())]
    Itself(PathBuf),
    #[error("this replaces {0} with the backup; say --yes to confirm")]
    Unconfirmed(String),
}
