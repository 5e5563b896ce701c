//! Why a database could not be opened, and what to do about it. No message contains the URL or a
//! password.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _};
use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;
use tokio::time::timeout;

use super::sqlite::{SQLITE_BUSY_TIMEOUT, sqlite_file};
use crate::error::Trouble;

/// How long PostgreSQL may take to say why it can't be used.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Error)]
pub enum ConnectError {
    /// The URL is of no supported database.
    #[error(
        "expected sqlite://FILE?mode=rwc or postgres://USER@HOST/DATABASE: set database.url to one \
         that can be reached from here"
    )]
    Url,
    /// The SQLite file does not exist.
    #[error("there is no database file {0}")]
    Missing(String),
    #[error("there is no folder {}: create it, or set database.url to another file", .0.display())]
    NoFolder(PathBuf),
    #[error(
        "{} is no SQLite database, or it is damaged: restore it from a backup, or set database.url to \
         another file",
        .0.display()
    )]
    Damaged(PathBuf),
    #[error(
        "the database file {} can't be opened: see that it is a file, and that this user may read and \
         write it and its folder, or set database.url to another file",
        .0.display()
    )]
    Denied(PathBuf),
    #[error(
        "the database file {} was locked by another program for {SQLITE_BUSY_TIMEOUT:?}: try again, or \
         end that program",
        .0.display()
    )]
    Locked(PathBuf),
    #[error(
        "PostgreSQL at {server} can't be reached ({cause}): see that it runs, that database.url has its \
         host and port, and that no firewall is between"
    )]
    Unreachable { server: String, cause: String },
    #[error("PostgreSQL at {server} refuses the user {user} or its password: correct database.url")]
    Login { server: String, user: String },
    #[error("PostgreSQL at {server} has no database {name}: create it, or correct database.url")]
    NoDatabase { server: String, name: String },
    /// For another reason.
    #[error("the database could not be opened ({0}): set database.url to one that can be used")]
    Refused(DbErr),
    /// The threads of a simulated database could not be started.
    #[error("no runtime for the database: {0}")]
    Runtime(#[source] std::io::Error),
}

pub(crate) fn of_sqlite(url: &str, error: DbErr) -> ConnectError {
    let Some(path) = sqlite_file(url).filter(|_| !is_of_the_url(&error)) else {
        return of_any(error);
    };
    match Trouble::of(&error) {
        Some(Trouble::Damaged) => ConnectError::Damaged(path),
        Some(Trouble::Busy) => ConnectError::Locked(path),
        Some(Trouble::ReadOnly | Trouble::Away) => ConnectError::Denied(path),
        Some(Trouble::Full) | None => of_any(error),
    }
}

/// The pool tries again until its time is over, and then does not say why: this asks once more.
pub(super) async fn of_postgres(url: &str, error: DbErr) -> ConnectError {
    if is_of_the_url(&error) {
        return ConnectError::Url;
    }
    why_postgres_is_away(url).await.unwrap_or(ConnectError::Refused(error))
}

/// Why PostgreSQL can't be connected to; `None` if it can.
pub async fn why_postgres_is_away(url: &str) -> Option<ConnectError> {
    let Ok(options) = url.parse::<PgConnectOptions>() else { return Some(ConnectError::Url) };
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let cause = match timeout(PATIENCE, options.connect()).await {
        Ok(Ok(connection)) => {
            let _ = connection.close().await;
            return None;
        }
        Ok(Err(sqlx::Error::Database(cause))) => {
            return Some(match cause.code().as_deref() {
                Some("28P01" | "28000") => {
                    ConnectError::Login { server, user: options.get_username().to_owned() }
                }
                Some("3D000") => {
                    let name = options.get_database().unwrap_or(options.get_username());
                    ConnectError::NoDatabase { server, name: name.to_owned() }
                }
                _ => ConnectError::Unreachable { server, cause: cause.message().to_owned() },
            });
        }
        Ok(Err(sqlx::Error::Io(cause))) => cause.to_string(),
        Ok(Err(cause)) => cause.to_string(),
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    Some(ConnectError::Unreachable { server, cause })
}

fn of_any(error: DbErr) -> ConnectError {
    if is_of_the_url(&error) { ConnectError::Url } else { ConnectError::Refused(error) }
}

/// SeaORM's own error text, unlike the driver's, repeats the whole URL.
fn is_of_the_url(error: &DbErr) -> bool {
    let DbErr::Conn(cause) = error else { return false };
    match cause {
        RuntimeErr::Internal(_) => true,
        RuntimeErr::SqlxError(cause) => matches!(**cause, sqlx::Error::Configuration(_)),
    }
}
