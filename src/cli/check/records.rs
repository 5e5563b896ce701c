//! Checks the database: that it can be opened, its schema is current, and it has a business.

use entities::{Database, RecordsError, businesses};
use migration::MigrateError;
use protocol::ids::PhoneNumber;

use super::finding::Finding;
use crate::cli::{database, stored};
use crate::config;
use crate::database::DatabaseError;

const ABOUT: &str = "database";

/// Returns the findings, and all numbers of the businesses.
pub(super) async fn check(config: &config::Database) -> (Vec<Finding>, Vec<PhoneNumber>) {
    let db = match database::open(config).await {
        Ok(db) => db,
        Err(error) => return (vec![unusable(error, config.url.is_sqlite())], Vec::new()),
    };
    let mut findings = vec![Finding::ok(ABOUT, "it can be reached, and its schema is current")];
    match numbers(&db).await {
        Ok(numbers) if numbers.is_empty() => {
            findings.push(Finding::warn(
                ABOUT,
                "there is no business, so every call is rejected: create one with \
                 `frontdesk business import FILE`",
            ));
            (findings, numbers)
        }
        Ok(numbers) => (findings, numbers),
        Err(error) => {
            findings.push(Finding::fail(ABOUT, format!("its rows can't be read: {error}")));
            (findings, Vec::new())
        }
    }
}

fn unusable(error: DatabaseError, is_sqlite: bool) -> Finding {
    match error {
        // `serve` creates and migrates a SQLite file.
        DatabaseError::Missing(error) => Finding::warn(
            ABOUT,
            format!(
                "{error}, and so no business, and every call is rejected: create both with \
                 `frontdesk business import FILE`"
            ),
        ),
        DatabaseError::Pending(pending) if is_sqlite => Finding::warn(
            ABOUT,
            format!(
                "its schema lacks {}: `frontdesk serve` and `frontdesk migrate up` apply them",
                pending.join(", ")
            ),
        ),
        DatabaseError::Pending(pending) => Finding::fail(
            ABOUT,
            format!(
                "its schema lacks {}: apply them with `frontdesk migrate up`",
                pending.join(", ")
            ),
        ),
        // These texts already say what to do.
        error @ (DatabaseError::Connect(_)
        | DatabaseError::Presence(_)
        | DatabaseError::Migrate(MigrateError::UnknownMigrations(_))) => {
            Finding::fail(ABOUT, error.to_string())
        }
        DatabaseError::Migrate(error) => Finding::fail(
            ABOUT,
            format!(
                "its schema can't be read or migrated ({error}): see `frontdesk migrate status`"
            ),
        ),
    }
}

async fn numbers(db: &Database) -> Result<Vec<PhoneNumber>, RecordsError> {
    let mut numbers = Vec::new();
    for business in stored::all(db).await? {
        numbers.extend(businesses::numbers(db, business.id).await?);
    }
    Ok(numbers)
}
