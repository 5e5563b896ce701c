//! `/api/businesses`. They are made and changed by importing their files (`frontdesk business import`).

use entities::businesses::{self, BusinessRecord};
use http::StatusCode;
use jiff::Timestamp;
use protocol::ids::{PhoneNumber, Slug};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{Cursor, Limit, Listing};
use super::{Answer, Ask, Nothing};
use crate::http::request::json;

/// A business.
#[derive(Debug, Serialize, ToSchema)]
struct Business {
    /// Its name in addresses.
    #[schema(value_type = String, example = "tel-aviv-locks")]
    slug: Slug,
    /// Its name as people say it.
    name: String,
    /// Where its days and hours are counted, as the IANA database names it.
    #[schema(example = "Asia/Jerusalem")]
    timezone: String,
    /// The language its calls start in, as a BCP 47 tag.
    #[schema(example = "he")]
    language: String,
    /// When it was first imported.
    created_at: Timestamp,
    /// When it was last imported.
    updated_at: Timestamp,
}

/// A business with its settings.
#[derive(Debug, Serialize, ToSchema)]
struct BusinessDetails {
    #[serde(flatten)]
    business: Business,
    /// The numbers it is called on.
    #[schema(value_type = Vec<String>)]
    phone_numbers: Vec<PhoneNumber>,
    /// The number it texts from, if it does.
    #[schema(value_type = Option<String>)]
    whatsapp_number: Option<PhoneNumber>,
    /// All its settings, key by key as in its file.
    #[schema(value_type = Object)]
    settings: serde_json::Value,
}

impl From<BusinessRecord> for Business {
    fn from(record: BusinessRecord) -> Self {
        Self {
            slug: record.slug,
            name: record.name,
            timezone: record.timezone,
            language: record.language,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BusinessesQuery {
    /// Where the list goes on: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Slug>>,
    /// How many to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// All businesses
///
/// In the order of their slugs.
#[utoipa::path(
    get, path = "/api/businesses", operation_id = "listBusinesses", tag = "businesses",
    params(BusinessesQuery),
    responses((status = 200, description = "A page of them", body = Listing<Business>)),
)]
pub(super) async fn list(ask: Ask<'_>) -> Answer {
    let query: BusinessesQuery = ask.query()?;
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.unwrap_or_default().0;
    let page = businesses::list(ask.db(), after.as_ref(), limit).await?;
    Ok(json(StatusCode::OK, &Listing::<Business>::of(page)))
}

/// One business
#[utoipa::path(
    get, path = "/api/businesses/{slug}", operation_id = "showBusiness", tag = "businesses",
    params(("slug" = String, Path, description = "Its name in addresses")),
    responses(
        (status = 200, description = "The business and its settings", body = BusinessDetails),
    ),
)]
pub(super) async fn show(ask: Ask<'_>) -> Answer {
    ask.query::<Nothing>()?;
    let record = ask.business(Some(ask.named)).await?;
    let phone_numbers = businesses::numbers(ask.db(), record.id).await?;
    let details = BusinessDetails {
        phone_numbers,
        whatsapp_number: record.whatsapp_number.clone(),
        settings: record.settings.clone(),
        business: record.into(),
    };
    Ok(json(StatusCode::OK, &details))
}
