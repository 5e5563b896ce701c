//! Copies a SQLite database while it is in use, and says whether a file is whole.

use std::path::Path;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::Database;
use crate::error::RecordsError;

impl Database {
    /// Writes all that is committed into the file at `path`, which must be absolute, and empty or absent.
    /// Others write meanwhile; what they commit after it has begun is not in the copy. On PostgreSQL it
    /// fails.
    pub async fn copy_into(&self, path: &Path) -> Result<(), RecordsError> {
        let path = path.to_str().map(str::to_owned);
        self.change_schema(|db| async move {
            let path = path.ok_or_else(|| DbErr::Custom("the path is not UTF-8".to_owned()))?;
            let copy =
                Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
            db.execute_raw(copy).await?;
            Ok(())
        })
        .await
    }

    /// What SQLite finds damaged in its file: pages, indexes, references to rows that are not there.
    /// Empty if it is whole.
    pub async fn damages(&self) -> Result<Vec<String>, RecordsError> {
        self.change_schema(|db| async move {
            let all = |sql| db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
            let mut found = Vec::new();
            for row in all("PRAGMA integrity_check").await? {
                let damage: String = row.try_get_by_index(0)?;
                if damage != "ok" {
                    found.push(damage);
                }
            }
            for row in all("PRAGMA foreign_key_check").await? {
                let table: String = row.try_get_by_index(0)?;
                found.push(format!("a row of {table} refers to one that is not there"));
            }
            Ok(found)
        })
        .await
    }
}
