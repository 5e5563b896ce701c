//! What can go wrong with a query, and how each database says that it refused a row.

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

/// Why a query gave nothing.
#[derive(Debug, Error)]
pub enum RecordsError {
    /// This business has no such row; another's counts as none.
    #[error("there is no such record in this business")]
    NotFound,
    /// A row that must be the only one of its kind is there already.
    #[error("another record has that key")]
    Conflict,
    /// A column holds what Frontdesk never writes.
    #[error("the column {column} holds what it cannot")]
    Corrupt {
        /// The table and column.
        column: &'static str,
    },
    /// The database failed or could not be reached.
    #[error("the database failed: {0}")]
    Database(DbErr),
}

impl From<DbErr> for RecordsError {
    fn from(error: DbErr) -> Self {
        match violation(&error) {
            Some(Violation::Unique) => Self::Conflict,
            // Every foreign key is a pair with the business's id: what it misses is not theirs.
            Some(Violation::ForeignKey) => Self::NotFound,
            Some(Violation::Overlap) | None => Self::Database(error),
        }
    }
}

/// The rule of the schema that a row broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A primary key or unique index.
    Unique,
    /// A foreign key.
    ForeignKey,
    /// Two booked appointments of one business overlap: PostgreSQL's exclusion constraint, or
    /// SQLite's triggers, the only ones in the schema that abort.
    Overlap,
}

/// The rule that was broken, by PostgreSQL's SQLSTATE or SQLite's extended result code.
pub(crate) fn violation(error: &DbErr) -> Option<Violation> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return None;
    };
    match error.as_database_error()?.code()?.as_ref() {
        "23505" | "1555" | "2067" => Some(Violation::Unique),
        "23503" | "787" => Some(Violation::ForeignKey),
        "23P01" | "1811" => Some(Violation::Overlap),
        _ => None,
    }
}
