//! A schema of its own in a PostgreSQL database, for a rehearsal that leaves nothing behind.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use thiserror::Error;
use tokio::time::timeout;

/// How long PostgreSQL may take to make or remove the schema.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the schema can't be made or removed.
#[derive(Debug, Error)]
pub enum ScratchError {
    #[error("{0} is no URL of a PostgreSQL database")]
    NotPostgres(&'static str),
    #[error(
        "PostgreSQL does not let {key} have a schema of its own ({cause}): see that it runs, and that its \
         user may create schemas and the extension btree_gist"
    )]
    Refused { key: &'static str, cause: sqlx::Error },
    #[error("PostgreSQL did not answer within {PATIENCE:?}")]
    TooSlow,
}

/// A schema without tables. It stays until [`remove`](Self::remove).
#[derive(Debug)]
pub struct ScratchSchema {
    admin: String,
    name: String,
    key: &'static str,
    /// Leads into the schema.
    pub url: String,
}

impl ScratchSchema {
    /// Makes a schema of this name, of letters, digits and `_`, in the database that `url` leads to. `key` is
    /// where the URL was configured.
    ///
    /// # Errors
    /// [`ScratchError`] says what to do.
    pub async fn make(url: &str, name: &str, key: &'static str) -> Result<Self, ScratchError> {
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if !is_postgres || !name.chars().all(is_plain) {
            return Err(ScratchError::NotPostgres(key));
        }
        // The extension is shared, and two may want it at once.
        let preparations = format!(
            "SELECT pg_advisory_xact_lock(7); \
             CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE SCHEMA {name}"
        );
        let separator = if url.contains('?') { '&' } else { '?' };
        let inside = format!("{url}{separator}options[search_path]={name},public");
        let made = Self { admin: url.to_owned(), name: name.to_owned(), key, url: inside };
        made.order(preparations).await?;
        Ok(made)
    }

    /// Removes the schema and all that is in it.
    ///
    /// # Errors
    /// [`ScratchError`]: it stays.
    pub async fn remove(self) -> Result<(), ScratchError> {
        self.order(format!("DROP SCHEMA {} CASCADE", self.name)).await
    }

    async fn order(&self, statements: String) -> Result<(), ScratchError> {
        let ordering = async {
            let mut connection = PgConnection::connect(&self.admin).await?;
            connection.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
            connection.close().await
        };
        let ordered = timeout(PATIENCE, ordering).await.map_err(|_| ScratchError::TooSlow)?;
        ordered.map_err(|cause| ScratchError::Refused { key: self.key, cause })
    }
}
