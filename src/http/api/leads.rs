//! `/api/leads`: the people who have called or written to a business.

pub(super) mod history;
pub(super) mod privacy;

use std::collections::BTreeMap;

use actors::lead::{Author, Details};
use entities::leads::{self, ChangedBy, LeadChanges, LeadRecord, LeadSource, LeadStatus};
use http::StatusCode;
use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::ids::{CallSid, LeadId, PhoneNumber};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::page::{Cursor, Limit, Listing};
use super::query::BusinessQuery;
use super::request::{ApiRequest, settings};
use crate::http::response::json;

/// A lead.
#[derive(Debug, Serialize, ToSchema)]
struct Lead {
    id: Uuid,
    /// The person's number, in E.164; null if withheld.
    #[schema(value_type = Option<String>, example = "+972501234567")]
    phone: Option<PhoneNumber>,
    full_name: Option<String>,
    email: Option<String>,
    status: LeadStatus,
    /// How the person first got in touch.
    source: LeadSource,
    /// The business's own fields, by name.
    fields: BTreeMap<String, String>,
    /// The person's last call.
    #[schema(value_type = Option<String>)]
    last_call_sid: Option<CallSid>,
    /// When the person first got in touch.
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When the person was erased. Their name, number and words are gone.
    erased_at: Option<Timestamp>,
}

impl From<LeadRecord> for Lead {
    fn from(record: LeadRecord) -> Self {
        Self {
            id: record.id.0,
            phone: record.phone,
            full_name: record.full_name,
            email: record.email,
            status: record.status,
            source: record.source,
            fields: record.fields.0,
            last_call_sid: record.last_call_sid,
            created_at: record.created_at,
            updated_at: record.updated_at,
            erased_at: record.erased_at,
        }
    }
}

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
    let page = leads::list(request.db(), business, query.status, after, query.limit.0).await?;
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
    let settings = settings(&business)?;
    let told = [("full_name", full_name), ("email", email), ("fields", fields)];
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let changes = changes(told.collect(), &settings)?;
    let known =
        leads::get(request.db(), business.id, id).await?.ok_or_else(ApiError::no_such_lead)?;
    if status == Some(LeadStatus::InProgress) && known.status != LeadStatus::InProgress {
        let message = "a lead that is complete or declined can't go back to in_progress";
        return Err(ApiError::conflict("decided", message).at("status"));
    }
    let (by, now) = (ChangedBy::Api, request.now());
    let lead =
        leads::merge_details(request.db(), business.id, id, changes, status, by, now).await?;
    tracing::info!(lead = %id, "the operator has changed a lead");
    Ok(json(StatusCode::OK, &Lead::from(lead)))
}

/// The changes to make; an error if one value is invalid.
fn changes(told: Map<String, Value>, settings: &BusinessSettings) -> Result<LeadChanges, ApiError> {
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
