//! Checks the database: that it can be opened, its schema is current, and it has a business.

use entities::{Database, RecordsError, Trouble, businesses};
use migration::MigrateError;
use protocol::business::BusinessSettings;
use protocol::ids::{PhoneNumber, Slug};
use protocol::openai::transcription::shut_down_on;

use super::finding::Finding;
use crate::cli::{database, stored};
use crate::config;
use crate::config::words::in_words;
use crate::database::DatabaseError;

const ABOUT: &str = "database";

/// Returns the findings, and all numbers of the businesses.
pub(super) async fn check(config: &config::Database) -> (Vec<Finding>, Vec<PhoneNumber>) {
    let db = match database::open(config).await {
        Ok(db) => db,
        Err(error) => return (vec![unusable(error, config.url.is_sqlite())], Vec::new()),
    };
    let mut findings = vec![Finding::ok(ABOUT, "it can be reached, and its schema is current")];
    findings.extend(unwritable(&db, config).await);
    match of_businesses(&db).await {
        Ok((numbers, _)) if numbers.is_empty() => {
            findings.push(Finding::warn(
                ABOUT,
                "there is no business, so every call is rejected: create one with \
                 `frontdesk business import FILE`",
            ));
            (findings, numbers)
        }
        Ok((numbers, shut_down)) => {
            findings.extend(shut_down);
            (findings, numbers)
        }
        Err(error) => {
            findings.push(Finding::fail(ABOUT, format!("its rows can't be read: {error}")));
            (findings, Vec::new())
        }
    }
}

async fn unwritable(db: &Database, config: &config::Database) -> Option<Finding> {
    let error = db.try_write().await.err()?;
    let mend = match error.trouble() {
        Some(Trouble::ReadOnly | Trouble::Away) if config.url.is_sqlite() => {
            "let this user write the file, its -wal and -shm, and its folder, on a disk that is not \
             read-only"
        }
        Some(Trouble::ReadOnly | Trouble::Away) => "use the primary, and a user who may write",
        Some(Trouble::Full) => "make room on its disk",
        Some(Trouble::Busy) => "end the program that locks it, or try again",
        Some(Trouble::Damaged) => "restore it from a backup",
        None => "see that its user may write its tables",
    };
    Some(Finding::fail(ABOUT, format!("it takes no writes ({error}): {mend}")))
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
        | DatabaseError::Foreign(_)
        | DatabaseError::Damaged(_)
        | DatabaseError::Locked(_)
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

/// All numbers of the businesses, and what is wrong with their settings.
async fn of_businesses(db: &Database) -> Result<(Vec<PhoneNumber>, Vec<Finding>), RecordsError> {
    let (mut numbers, mut shut_down) = (Vec::new(), Vec::new());
    for business in stored::all(db).await? {
        numbers.extend(businesses::numbers(db, business.id).await?);
        shut_down.extend(of_settings(&business.slug, business.settings));
    }
    Ok((numbers, shut_down))
}

/// Settings that an older version has stored may be refused by this one.
fn of_settings(slug: &Slug, settings: serde_json::Value) -> Vec<Finding> {
    match BusinessSettings::from_json(settings) {
        Ok(settings) => {
            let problems = settings.validate().err().unwrap_or_default();
            let found = problems.into_iter().map(|problem| {
                Finding::warn(
                    ABOUT,
                    format!(
                        "the settings of {slug} would not be imported any more, and may fail in calls: \
                         {problem}; correct its file and import it again"
                    ),
                )
            });
            found.chain(models_shut_down(&settings)).collect()
        }
        Err(error) => {
            let (key, why) = (error.path().to_string(), in_words(&error.inner().to_string()));
            vec![Finding::fail(
                ABOUT,
                format!(
                    "the settings of {slug} can't be read, so its calls get the apology: {key}: {why}; \
                     import its file again with `frontdesk business import FILE`"
                ),
            )]
        }
    }
}

fn models_shut_down(settings: &BusinessSettings) -> Vec<Finding> {
    let agent = &settings.agent;
    let models = [
        ("agent.transcription_model", &agent.transcription_model, "gpt-transcribe"),
        ("agent.model", &agent.model, "gpt-realtime-2.1"),
    ];
    let shut_down = models.into_iter().filter_map(|(key, model, instead)| {
        let day = shut_down_on(model)?;
        let message = format!(
            "{}: OpenAI shuts {model} down on {day}: set {key} = \"{instead}\" and import the \
             file again",
            settings.slug
        );
        Some(Finding::warn("models", message))
    });
    shut_down.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_5_models_that_are_shut_down_are_warned_of_by_name_and_day() {
        let slug = Slug::parse("locks").unwrap();
        let number = PhoneNumber::parse("+97231234567").unwrap();
        let mut settings = BusinessSettings::new(slug, "Locks", vec![number]);
        assert_eq!(models_shut_down(&settings), []);
        settings.agent.transcription_model = "gpt-4o-mini-transcribe".to_owned();
        let findings = models_shut_down(&settings);
        let [warning] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(
            warning.to_string(),
            "warn  models    locks: OpenAI shuts gpt-4o-mini-transcribe down on 2027-02-26: set \
             agent.transcription_model = \"gpt-transcribe\" and import the file again"
        );
    }
}
