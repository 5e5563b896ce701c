//! `/api/leads`: the people who have called or written to a business.

pub(super) mod history;
pub(in crate::http) mod privacy;

use actors::call_parts::Services;
use actors::lead::{Author, Details};
use entities::businesses::BusinessRecord;
use entities::leads::{self, ChangedBy, LeadChanges, LeadFilter, LeadRecord, LeadStatus};
use http::StatusCode;
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{LeadId, PhoneNumber};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::page::{Cursor, Limit, Listing};
use super::query::{self, BusinessQuery};
use super::request::{ApiRequest, settings};
use crate::http::response::json;
use crate::http::shown::Lead;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadsQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Only leads with this status.
    #[param(inline)]
    status: Option<LeadStatus>,
    /// Only the lead with this number, in E.164.
    #[param(value_type = Option<String>, example = "+972501234567")]
    #[serde(default, deserialize_with = "query::phone")]
    phone: Option<PhoneNumber>,
    /// Only people whose first contact was then or later.
    #[serde(default, deserialize_with = "query::timestamp")]
    since: Option<Timestamp>,
    /// Only people whose first contact was before then.
    #[serde(default, deserialize_with = "query::timestamp")]
    until: Option<Timestamp>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<LeadId>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// A business's leads
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/leads", operation_id = "listLeads", tag = "leads",
    params(LeadsQuery),
    responses((status = 200, description = "A page of them", body = Listing<Lead>)),
)]
pub(super) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: LeadsQuery = request.query()?;
    let business = request.business(query.business.as_deref()).await?.id;
    let after = query.cursor.map(|cursor| cursor.0);
    let LeadsQuery { status, phone, since, until, .. } = query;
    let filter = LeadFilter { status, phone, since, until };
    let page = leads::list(request.db(), business, filter, after, query.limit.0).await?;
    Ok(json(StatusCode::OK, &Listing::<Lead>::new(page)))
}

/// One lead
#[utoipa::path(
    get, path = "/api/leads/{id}", operation_id = "showLead", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), BusinessQuery),
    responses((status = 200, description = "The lead", body = Lead)),
)]
pub(super) async fn show(request: ApiRequest<'_>) -> ApiResult {
    let id = LeadId(request.id()?);
    let business = request.business_in_query().await?.id;
    let found = leads::get(request.db(), business, id).await?.ok_or_else(ApiError::no_such_lead)?;
    Ok(json(StatusCode::OK, &Lead::from(found)))
}

/// Mark a lead as seen to
///
/// It is not to be called back any more, until the person's next contact.
#[utoipa::path(
    post, path = "/api/leads/{id}/seen-to", operation_id = "markLeadSeenTo", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), BusinessQuery),
    responses((status = 200, description = "The lead", body = Lead)),
)]
pub(super) async fn seen_to(request: ApiRequest<'_>) -> ApiResult {
    let id = LeadId(request.id()?);
    let business = request.business_in_query().await?.id;
    leads::note_seen_to(request.db(), business, id, request.now()).await?;
    let found = leads::get(request.db(), business, id).await?.ok_or_else(ApiError::no_such_lead)?;
    Ok(json(StatusCode::OK, &Lead::from(found)))
}

/// Values to write. A key that is missing or empty changes nothing; null clears the value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeadPatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    full_name: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    email: Option<Value>,
    /// The business's own fields, by name. Fields that are not named stay; null clears one.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = BTreeMap<String, Option<String>>, required = false)]
    fields: Option<Value>,
    /// A lead that is complete or declined can't go back to `in_progress`.
    status: Option<LeadStatus>,
}

/// A key that is in the body, null included.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// Change a lead
///
/// Values are merged, as in a call; only null clears one. If one value is invalid, nothing is written.
#[utoipa::path(
    patch, path = "/api/leads/{id}", operation_id = "changeLead", tag = "leads",
    request_body = LeadPatch,
    params(("id" = Uuid, Path, description = "The lead"), BusinessQuery),
    responses((status = 200, description = "The lead as it is now", body = Lead)),
)]
pub(super) async fn change(request: ApiRequest<'_>) -> ApiResult {
    let id = LeadId(request.id()?);
    let LeadPatch { full_name, email, fields, status } = request.body()?;
    let business = request.business_in_query().await?;
    let told = [("full_name", full_name), ("email", email), ("fields", fields)];
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let lead = merge(&request.state.services, &business, id, told.collect(), status).await?;
    Ok(json(StatusCode::OK, &Lead::from(lead)))
}

/// Merges what is told of a lead into it, by the rules of a call.
pub(in crate::http) async fn merge(
    services: &Services,
    business: &BusinessRecord,
    lead: LeadId,
    told: Map<String, Value>,
    status: Option<LeadStatus>,
) -> Result<LeadRecord, ApiError> {
    let changes = check(told, &settings(business)?)?;
    let (db, now) = (&services.database, services.clock.wall());
    let known = leads::get(db, business.id, lead).await?.ok_or_else(ApiError::no_such_lead)?;
    if status == Some(LeadStatus::InProgress) && known.status != LeadStatus::InProgress {
        let message = "a lead that is complete or declined can't go back to in_progress";
        return Err(ApiError::conflict("decided", message).at("status"));
    }
    let by = ChangedBy::Api;
    let merged = leads::merge_details(db, business.id, lead, changes, status, by, now).await?;
    tracing::info!(%lead, "the operator has changed a lead");
    Ok(merged)
}

/// The changes to make; an error if one value is invalid.
pub(in crate::http) fn check(
    told: Map<String, Value>,
    settings: &BusinessSettings,
) -> Result<LeadChanges, ApiError> {
    let home = settings.phone_numbers.first();
    let home = home.ok_or_else(|| ApiError::internal("the business has no number"))?;
    let Details { changes, refused, ignored } =
        Details::of(told, &settings.lead_fields(), home, Author::Operator);
    if let Some((field, wrong)) = refused.into_iter().next() {
        let message = format!("{wrong}; nothing was written");
        return Err(ApiError::bad_request("bad_value", message).at(field));
    }
    if let Some(field) = ignored.into_iter().next() {
        let message = "is not a field of this business; nothing was written";
        return Err(ApiError::bad_request("unknown_field", message).at(field));
    }
    Ok(changes)
}
