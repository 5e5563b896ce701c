//! The errors of queries, and what a database error stands for: a rule of the schema, or a database that
//! can't work.

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
    /// Another node has taken the call over: a newer fencing number stands in its row (RES-9).
    #[error("another node has taken the call over")]
    Fenced,
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

/// What keeps a database from its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It can't be reached, does not answer, or its file is away.
    Away,
    /// Somebody else holds what the work needs.
    Busy,
    /// Its disk is full.
    Full,
    /// It takes no writes.
    ReadOnly,
    /// Its file is damaged, or no database.
    Damaged,
}

impl Trouble {
    /// `None`: the database works, and the work itself fails.
    #[must_use]
    pub fn of(error: &DbErr) -> Option<Self> {
        if matches!(error, DbErr::ConnectionAcquire(_)) {
            return Some(Self::Away);
        }
        let (DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
        else {
            return None;
        };
        if let sqlx::Error::Database(cause) = &**cause {
            return Self::of_code(&cause.code()?);
        }
        let is_away = matches!(
            **cause,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        );
        is_away.then_some(Self::Away)
    }

    fn of_code(code: &str) -> Option<Self> {
        if code.len() == 5 {
            return Self::of_sqlstate(code);
        }
        let code: u32 = code.parse().ok()?;
        match (code, code & 0xff) {
            // The file was moved; its journal can't be found again.
            (1032, _) => Some(Self::Away),
            (_, 5 | 6) => Some(Self::Busy),
            (_, 8) => Some(Self::ReadOnly),
            (_, 10 | 14 | 15) => Some(Self::Away),
            (_, 11 | 26) => Some(Self::Damaged),
            (_, 13) => Some(Self::Full),
            _ => None,
        }
    }

    fn of_sqlstate(code: &str) -> Option<Self> {
        match code {
            "25006" => Some(Self::ReadOnly),
            "53100" => Some(Self::Full),
            "55P03" | "57014" | "40001" | "40P01" | "55006" => Some(Self::Busy),
            "XX001" | "XX002" => Some(Self::Damaged),
            // Connections, resources, the operator, and the system below.
            _ => ["08", "28", "3D", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
                .then_some(Self::Away),
        }
    }
}

impl RecordsError {
    /// What keeps the database from its work, if that is the cause.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Database(error) => Trouble::of(error),
            Self::NotFound
            | Self::Conflict
            | Self::Fenced
            | Self::Corrupt { .. }
            | Self::Unstorable(_) => None,
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
