//! Imports a business into the database.

use entities::Database;
use entities::businesses::{self, ImportBusiness, ImportError, Imported, Publication};
use entities::outbox::{ImportOutbox, ImportWebhook};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::BusinessId;

/// Creates the business with id `new_id`, or updates the one with this slug. A changed prompt becomes a
/// new version (PROMPT-1).
///
/// # Errors
/// One of its numbers belongs to another business, or the database fails.
pub async fn import(
    database: &Database,
    settings: &BusinessSettings,
    new_id: BusinessId,
    now: Timestamp,
) -> Result<Imported, ImportError> {
    businesses::import(database, of(settings, new_id)?, now).await
}

/// Publishes the draft of a business, as an import of these settings.
///
/// # Errors
/// As [`import`], and [`ImportError::Moved`] if it is not the draft that was looked at.
pub async fn publish(
    database: &Database,
    settings: &BusinessSettings,
    business: BusinessId,
    publication: Publication,
    now: Timestamp,
) -> Result<Imported, ImportError> {
    businesses::publish(database, of(settings, business)?, publication, now).await
}

fn of(settings: &BusinessSettings, new_id: BusinessId) -> Result<ImportBusiness, ImportError> {
    Ok(ImportBusiness {
        new_id,
        slug: settings.slug.clone(),
        name: settings.name.clone(),
        phone_numbers: settings.phone_numbers.clone(),
        whatsapp_number: settings.whatsapp_number.clone(),
        timezone: settings.timezone.name().to_owned(),
        language: settings.language.as_str().to_owned(),
        retention: settings.retention,
        settings: serde_json::to_value(settings).map_err(ImportError::Settings)?,
        prompt: settings.agent.prompt.clone(),
        outbox: ImportOutbox {
            webhook: settings.webhooks.as_ref().map(|webhooks| ImportWebhook {
                url: webhooks.url.clone(),
                secret: webhooks.secret.clone(),
            }),
            subscriptions: settings.subscriptions(),
        },
    })
}
