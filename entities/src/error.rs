//! The errors of queries, and which rule of the schema a database error stands for.

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RecordsError {
    /// This business has no such row. Another business's row counts as none.
    #[error("there is no such record in this business")]
    NotFound,
    /// A row with the same unique key exists.
    #[error("another record has that key")]
    Conflict,
    /// A column holds a value that Frontdesk never writes.
    #[error("the column {column} holds an invalid value")]
    Corrupt {
        /// `table.column`.
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
            // Every foreign key contains the business's id, so another business's row is missing too.
            Some(Violation::ForeignKey) => Self::NotFound,
            Some(Violation::Overlap) | None => Self::Database(error),
        }
    }
}

/// The rule of the schema that a row violates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A primary key or unique index.
    Unique,
    ForeignKey,
    /// Two booked appointments of one business overlap. PostgreSQL has an exclusion constraint for
    /// this, SQLite has triggers; no other trigger of the schema aborts.
    Overlap,
}

/// Reads PostgreSQL's SQLSTATE or SQLite's extended result code.
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
