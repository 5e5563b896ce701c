//! The errors of the handle itself, and of simulated faults: of the same types and codes as the drivers'
//! own.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};

use super::file::FileFault;

/// The work has not ended within this time.
pub(super) fn unanswered(patience: Duration) -> DbErr {
    let text = format!("no answer within {patience:?}; the work may still be done");
    let late = io::Error::new(io::ErrorKind::TimedOut, text);
    DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(late).into()))
}

/// The file of the database is not what is open.
pub(super) fn away(fault: FileFault) -> DbErr {
    let away = io::Error::new(io::ErrorKind::NotFound, fault);
    DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(away).into()))
}

/// An error of a connection that SeaORM does not know of.
pub(super) fn query(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

/// Another connection holds SQLite's write lock.
pub(super) fn busy() -> DbErr {
    sqlite(SqliteFailure { code: "5", message: "database is locked" })
}

/// SQLite's disk is full.
pub(super) fn full() -> DbErr {
    sqlite(SqliteFailure { code: "13", message: "database or disk is full" })
}

/// No connection can be opened.
pub(super) fn unreachable() -> DbErr {
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    DbErr::Conn(RuntimeErr::SqlxError(sqlx::Error::Io(refused).into()))
}

/// The connection broke while the answer was awaited.
pub(super) fn connection_lost() -> DbErr {
    let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    DbErr::Query(RuntimeErr::SqlxError(sqlx::Error::Io(reset).into()))
}

fn sqlite(failure: SqliteFailure) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(sqlx::Error::from(failure).into()))
}

/// SQLx's own type for this has no public constructor.
#[derive(Debug)]
struct SqliteFailure {
    /// SQLite's result code.
    code: &'static str,
    message: &'static str,
}

impl fmt::Display for SqliteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(code: {}) {}", self.code, self.message)
    }
}

impl Error for SqliteFailure {}

impl DatabaseError for SqliteFailure {
    fn message(&self) -> &str {
        self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
