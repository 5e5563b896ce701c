//! The database: whether it can be opened, its schema is current, and it knows any business.

use entities::{DatabaseConnection, RecordsError, businesses};
use migration::MigrateError;
use protocol::ids::PhoneNumber;

use super::finding::Finding;
use crate::cli::business;
use crate::cli::database::{self, DatabaseError};
use crate::config;

const ABOUT: &str = "database";

/// What there is to say about the database, and the numbers that businesses are called on.
pub(super) async fn look(config: &config::Database) -> (Vec<Finding>, Vec<PhoneNumber>) {
    let db = match database::open(config).await {
        Ok(db) => db,
        Err(error) => return (vec![unusable(error)], Vec::new()),
    };
    let mut findings = vec![Finding::ok(ABOUT, "it can be reached, and its schema is current")];
    match numbers(&db).await {
        Ok(numbers) if numbers.is_empty() => {
            findings.push(Finding::warn(
                ABOUT,
                "there is no business yet, so every call is rejected: make one with \
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

fn unusable(error: DatabaseError) -> Finding {
    match error {
        DatabaseError::Pending(pending) => Finding::fail(
            ABOUT,
            format!(
                "its schema lacks {}: apply them with `frontdesk migrate up`",
                pending.join(", ")
            ),
        ),
        // These texts say what to do by themselves.
        error @ (DatabaseError::Connect(_)
        | DatabaseError::Migrate(MigrateError::UnknownMigrations(_))) => {
            Finding::fail(ABOUT, error.to_string())
        }
        DatabaseError::Migrate(error) => Finding::fail(
            ABOUT,
            format!("its schema can't be read or moved ({error}): see `frontdesk migrate status`"),
        ),
    }
}

async fn numbers(db: &DatabaseConnection) -> Result<Vec<PhoneNumber>, RecordsError> {
    let mut numbers = Vec::new();
    for business in business::all(db).await? {
        numbers.extend(businesses::numbers(db, business.id).await?);
    }
    Ok(numbers)
}
