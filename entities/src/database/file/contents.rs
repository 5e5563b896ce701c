//! What a SQLite database holds, as far as it tells a copy from another database; and a write that leaves
//! nothing behind.

use std::collections::BTreeSet;

use sea_orm::sqlx::{self, AssertSqlSafe, Connection, SqliteConnection};

/// Of a database without the tables: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    migrations: BTreeSet<String>,
    /// The keys of the businesses.
    businesses: BTreeSet<String>,
}

impl Contents {
    pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let tables =
            texts(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'").await?;
        let mut found = Self::default();
        if tables.contains("seaql_migrations") {
            found.migrations = texts(connection, "SELECT version FROM seaql_migrations").await?;
        }
        if tables.contains("businesses") {
            found.businesses = texts(connection, "SELECT hex(id) FROM businesses").await?;
        }
        Ok(found)
    }

    /// What a copy of `other` would have; `None` if nothing is missing.
    pub(super) fn lack_of(&self, other: &Self) -> Option<String> {
        if let Some(migration) = other.migrations.difference(&self.migrations).next() {
            return Some(format!("it lacks the migration {migration}"));
        }
        let missing = other.businesses.difference(&self.businesses).count();
        (missing > 0)
            .then(|| format!("it lacks {missing} of {} businesses", other.businesses.len()))
    }
}

/// What SQLite finds wrong with the file, if anything.
pub(super) async fn damage(connection: &mut SqliteConnection) -> Option<String> {
    let found =
        sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(connection).await;
    match found {
        Ok(sound) if sound == "ok" => None,
        Ok(damage) => Some(damage),
        Err(error) => Some(error.to_string()),
    }
}

async fn texts(
    connection: &mut SqliteConnection,
    query: &'static str,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let found = sqlx::query_scalar::<_, String>(query).fetch_all(connection).await?;
    Ok(found.into_iter().collect())
}

/// Commits a page of the file as it is. A transaction that is rolled back would write nothing, and find
/// neither a full disk nor one that may not be written to.
pub(super) async fn write_nothing(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let version: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    let same = AssertSqlSafe(format!("PRAGMA user_version = {version}"));
    sqlx::query(same).execute(&mut *transaction).await?;
    transaction.commit().await
}
