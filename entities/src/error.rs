//! The errors of queries, and which rule of the schema a database error stands for.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr, sqlx};
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
    /// The database can never store this: a text or number that it does not take, or a row that
    /// breaks a rule of the schema.
    #[error("the database does not take this: {0}")]
    Unstorable(DbErr),
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
            Some(Violation::Overlap) => Self::Database(error),
            None if is_unstorable(&error) => Self::Unstorable(error),
            None => Self::Database(error),
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

pub(crate) fn violation(error: &DbErr) -> Option<Violation> {
    match code(error)?.as_ref() {
        "23505" | "1555" | "2067" => Some(Violation::Unique),
        "23503" | "787" => Some(Violation::ForeignKey),
        "23P01" | "1811" => Some(Violation::Overlap),
        _ => None,
    }
}

/// Whether trying again can't help: the values are to blame, not the database.
fn is_unstorable(error: &DbErr) -> bool {
    let Some(code) = code(error) else {
        let by_the_driver = matches!(sqlx_error(error), Some(sqlx::Error::Encode(_)));
        return by_the_driver || matches!(error, DbErr::Type(_) | DbErr::Json(_));
    };
    // PostgreSQL: data exceptions, integrity constraints and limits of the program. SQLite: too big, a
    // constraint, a mismatch of types; the low byte of a code is its kind.
    match code.parse::<u32>() {
        Ok(sqlite) if code.len() < 5 => matches!(sqlite & 0xff, 18..=20),
        _ => ["22", "23", "54"].iter().any(|class| code.starts_with(class)),
    }
}

/// PostgreSQL's SQLSTATE or SQLite's extended result code.
fn code(error: &DbErr) -> Option<Cow<'_, str>> {
    sqlx_error(error)?.as_database_error()?.code()
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return None;
    };
    Some(error)
}
