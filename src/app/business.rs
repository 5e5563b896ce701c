//! Bringing a business into the database.

use entities::businesses::{self, ImportBusiness, ImportError, Imported};
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::BusinessId;
use sea_orm::DatabaseConnection;

/// Makes or updates the business with these settings; a new prompt becomes a new version (PROMPT-1).
/// `new_id` is taken if the business is new.
///
/// # Errors
/// [`ImportError`], if one of its numbers is another business's, its settings cannot be written as
/// JSON, or the database fails.
pub async fn import(
    database: &DatabaseConnection,
    settings: &BusinessSettings,
    new_id: BusinessId,
    now: Timestamp,
) -> Result<Imported, ImportError> {
    let import = ImportBusiness {
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
    };
    businesses::import(database, import, now).await
}
