//! Checks the database: that it can be opened, its schema is current, and it has a business.

use entities::businesses::Standing;
use entities::{Database, RecordsError, Trouble, businesses};
use migration::MigrateError;
use protocol::business::{BusinessSettings, SettingsError};
use protocol::ids::{PhoneNumber, Slug};

use super::finding::Finding;
use super::models::UsedModel;
use super::webhooks;
use crate::cli::{database, stored};
use crate::config::words::in_words;
use crate::config::{self, Config};
use crate::database::DatabaseError;

const ABOUT: &str = "database";

/// What the database holds.
#[derive(Default)]
pub(super) struct Records {
    pub(super) findings: Vec<Finding>,
    /// All numbers of the businesses.
    pub(super) numbers: Vec<PhoneNumber>,
    /// The numbers that people write to.
    pub(super) senders: Vec<PhoneNumber>,
    /// All models of the businesses.
    pub(super) models: Vec<UsedModel>,
}

pub(super) async fn check(config: &Config) -> Records {
    let (allow_private, config) = (config.server.allow_private_webhooks, &config.database);
    let mut records = Records::default();
    let db = match database::open(config).await {
        Ok(db) => db,
        Err(error) => {
            records.findings.push(unusable(error, config.url.is_sqlite()));
            return records;
        }
    };
    let current = "it can be reached, and its schema is current";
    records.findings.push(Finding::ok(ABOUT, current));
    records.findings.extend(unwritable(&db, config).await);
    match records.read(&db, allow_private).await {
        Ok(()) if records.numbers.is_empty() => records.findings.push(Finding::warn(
            ABOUT,
            "there is no business, so every call is rejected: create one with \
             `frontdesk business import FILE`",
        )),
        Ok(()) => {}
        Err(error) => {
            let failed = Finding::fail(ABOUT, format!("its rows can't be read: {error}"));
            records.findings.push(failed);
        }
    }
    records
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

impl Records {
    async fn read(&mut self, db: &Database, allow_private: bool) -> Result<(), RecordsError> {
        for business in stored::all(db).await? {
            match business.standing {
                Standing::Answering => {}
                Standing::Paused => self.findings.push(paused(&business.slug)),
                Standing::Removed => continue,
            }
            self.numbers.extend(businesses::numbers(db, business.id).await?);
            match BusinessSettings::from_json(business.settings) {
                Ok(settings) => {
                    self.findings.extend(of_settings(&business.slug, &settings));
                    let found = webhooks::check(db, business.id, &settings, allow_private).await?;
                    self.findings.extend(found);
                    self.models.extend(UsedModel::of(&settings));
                    self.senders.extend(settings.whatsapp_number);
                }
                Err(error) => self.findings.push(unreadable(&business.slug, &error)),
            }
        }
        Ok(())
    }
}

fn paused(slug: &Slug) -> Finding {
    let told = "is paused, so its callers hear the apology";
    Finding::warn(ABOUT, format!("{slug} {told}: `frontdesk business resume {slug}` ends that"))
}

/// Settings that an older version has stored may be refused by this one.
fn of_settings(slug: &Slug, settings: &BusinessSettings) -> Vec<Finding> {
    let problems = settings.validate().err().unwrap_or_default();
    let refused = problems.into_iter().map(|problem| {
        Finding::warn(
            ABOUT,
            format!(
                "the settings of {slug} would not be imported any more, and may fail in calls: \
                 {problem}; correct its file and import it again"
            ),
        )
    });
    let notices = settings.notices().into_iter();
    let noticed = notices.map(|notice| Finding::warn("models", format!("{slug}: {notice}")));
    refused.chain(noticed).collect()
}

fn unreadable(slug: &Slug, error: &SettingsError) -> Finding {
    let (key, why) = (error.path().to_string(), in_words(&error.inner().to_string()));
    Finding::fail(
        ABOUT,
        format!(
            "the settings of {slug} can't be read, so its calls get the apology: {key}: {why}; \
             import its file again with `frontdesk business import FILE`"
        ),
    )
}
