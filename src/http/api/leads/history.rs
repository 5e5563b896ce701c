//! `/api/leads/{id}/history`: every change of a lead.

use entities::leads::{self, ChangedBy, HistoryEntry};
use http::StatusCode;
use jiff::Timestamp;
use protocol::ids::{CallSid, LeadId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::api::error::{ApiError, ApiResult};
use crate::http::api::page::{Cursor, Limit, Listing};
use crate::http::api::request::ApiRequest;
use crate::http::response::json;

/// One change of one field of a lead.
#[derive(Debug, Serialize, ToSchema)]
struct LeadChange {
    /// Its number within the lead, from 1.
    seq: u32,
    /// When it was made. Changes that are made together have the same time.
    at: Timestamp,
    /// Who made it.
    changed_by: Who,
    /// The call it was made in; null if not in a call.
    #[schema(value_type = Option<String>)]
    call_sid: Option<CallSid>,
    /// `phone`, `full_name`, `email`, `status`, or one of the business's fields, as in `fields.city`.
    field: String,
    /// The value before; null if there was none.
    old: Option<String>,
    /// The value after.
    new: String,
}

/// Who changed a lead.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Who {
    /// The person, in a call.
    Call,
    /// The person, in a text message.
    Message,
    /// The operator.
    Api,
}

impl From<HistoryEntry> for LeadChange {
    fn from(entry: HistoryEntry) -> Self {
        let HistoryEntry { seq, at, by, field, old, new } = entry;
        let (changed_by, call_sid) = match by {
            ChangedBy::Call { call_sid } => (Who::Call, Some(call_sid)),
            ChangedBy::Message => (Who::Message, None),
            ChangedBy::Api => (Who::Api, None),
        };
        Self { seq, at, changed_by, call_sid, field, old, new }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::http::api) struct HistoryQuery {
    /// The business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<u32>>,
    /// The most rows to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    #[serde(default)]
    limit: Limit,
}

/// The changes of a lead
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/leads/{id}/history", operation_id = "listLeadChanges", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), HistoryQuery),
    responses((status = 200, description = "A page of changes", body = Listing<LeadChange>)),
)]
pub(in crate::http::api) async fn list(request: ApiRequest<'_>) -> ApiResult {
    let query: HistoryQuery = request.query()?;
    let id = LeadId(request.id()?);
    let business = request.business(query.business.as_deref()).await?.id;
    leads::get(request.db(), business, id).await?.ok_or_else(ApiError::no_such_lead)?;
    let after = query.cursor.map(|cursor| cursor.0);
    let page = leads::history(request.db(), business, id, after, query.limit.0).await?;
    Ok(json(StatusCode::OK, &Listing::<LeadChange>::new(page)))
}
