//! `/api/businesses`: reads them, and pauses, resumes or removes one. `frontdesk business import` makes and changes
//! businesses.

use entities::businesses::{self, BusinessRecord, Removal, Standing};
use entities::retention::{self, DeletedCount};
use entities::{Page, RecordsError};
use http::StatusCode;
use protocol::ids::{PhoneNumber, Slug};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
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
    details(request, request.business_in_path().await?).await
}

/// What is changed of a business.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BusinessChanges {
    standing: Standing,
}

/// Pause, resume or remove a business
///
/// It counts from the next call on. `removed` takes its numbers, its receiver of events and its tokens away, and
/// keeps what is stored of its people; only an admin's token may, and only while none of its calls runs.
#[utoipa::path(
    patch, path = "/api/businesses/{slug}", operation_id = "changeBusiness", tag = "businesses",
    params(("slug" = String, Path, description = "Its name in URLs")),
    request_body = BusinessChanges,
    responses(
        (status = 200, description = "The business as it is now", body = BusinessDetails),
    ),
)]
pub(super) async fn change(request: ApiRequest<'_>) -> ApiResult {
    request.no_query()?;
    let BusinessChanges { standing } = request.body()?;
    let record = request.business_in_path().await?;
    let (db, id) = (request.db(), record.id);
    if record.standing == Standing::Removed && standing != Standing::Removed {
        let message = "the business was removed: import its file to bring it back";
        return Err(ApiError::conflict("removed", message).at("standing"));
    }
    match standing {
        Standing::Answering => drop(businesses::resume(db, id).await?),
        Standing::Paused => drop(businesses::pause(db, id, request.now()).await?),
        Standing::Removed => remove(request, &record).await?,
    }
    tracing::info!(business = %record.slug, ?standing, "the standing of a business was set");
    let changed = businesses::get(db, id).await?.ok_or(RecordsError::NotFound)?;
    details(request, changed).await
}

async fn remove(request: ApiRequest<'_>, record: &BusinessRecord) -> Result<(), ApiError> {
    if !request.access().is_admin() {
        let message = "only a token with role admin may remove a business";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message));
    }
    match businesses::remove(request.db(), record.id, request.now()).await? {
        Removal::Done(..) | Removal::Before => Ok(()),
        Removal::Running(calls) => {
            let message = format!("{calls} of its calls run: wait for their end, or hang up");
            Err(ApiError::conflict("calls_run", message))
        }
    }
}

async fn details(request: ApiRequest<'_>, record: BusinessRecord) -> ApiResult {
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
