//! `/api/businesses`, to read only. `frontdesk business import` makes and changes businesses.

use entities::Page;
use entities::businesses;
use entities::retention::{self, DeletedCount};
use http::StatusCode;
use protocol::ids::{PhoneNumber, Slug};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiResult;
use super::page::{Cursor, Limit, Listing};
use super::request::ApiRequest;
use crate::http::response::json;
use crate::http::shown::Business;

/// A business with its settings.
#[derive(Debug, Serialize, ToSchema)]
struct BusinessDetails {
    #[serde(flatten)]
    business: Business,
    /// The numbers that people call.
    #[schema(value_type = Vec<String>)]
    phone_numbers: Vec<PhoneNumber>,
    /// The number it sends WhatsApp messages from, if it does.
    #[schema(value_type = Option<String>)]
    whatsapp_number: Option<PhoneNumber>,
    /// All settings, with the keys of its file.
    #[schema(value_type = Object)]
    settings: serde_json::Value,
    /// How many rows were deleted because they were too old, or because a person was erased.
    deleted: Vec<DeletedCount>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BusinessesQuery {
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Slug>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// All businesses
///
/// Sorted by slug. A token of one business sees that one.
#[utoipa::path(
    get, path = "/api/businesses", operation_id = "listBusinesses", tag = "businesses",
    params(BusinessesQuery),
    responses((status = 200, description = "A page of them", body = Listing<Business>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: BusinessesQuery = request.query()?;
    let after = query.cursor.map(|cursor| cursor.0);
    let mut page = businesses::list(request.db(), after.as_ref(), query.limit.0).await?;
    if let Some(own) = request.access().business() {
        let own = businesses::get(request.db(), own).await?;
        let is_first = after.is_none();
        page = Page { items: own.into_iter().filter(|_| is_first).collect(), next: None };
    }
    Ok(json(StatusCode::OK, &Listing::<Business>::new(page)))
}

/// One business
#[utoipa::path(
    get, path = "/api/businesses/{slug}", operation_id = "showBusiness", tag = "businesses",
    params(("slug" = String, Path, description = "Its name in URLs")),
    responses(
        (status = 200, description = "The business and its settings", body = BusinessDetails),
    ),
)]
pub(super) async fn show(request: ApiRequest<'_>) -> ApiResult {
    request.no_query()?;
    let record = request.business_in_path().await?;
    let phone_numbers = businesses::numbers(request.db(), record.id).await?;
    let details = BusinessDetails {
        deleted: retention::deleted(request.db(), record.id).await?,
        phone_numbers,
        whatsapp_number: record.whatsapp_number.clone(),
        settings: record.settings.clone(),
        business: record.into(),
    };
    Ok(json(StatusCode::OK, &details))
}
