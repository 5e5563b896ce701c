//! `/api/leads/{id}/history`: what became of a lead, change by change.

use entities::leads::{self, ChangedBy, HistoryEntry};
use http::StatusCode;
use jiff::Timestamp;
use protocol::ids::{CallSid, LeadId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::no_such_lead;
use crate::http::api::page::{Cursor, Limit, Listing};
use crate::http::api::{Answer, Ask};
use crate::http::request::json;

/// One change of one field of a lead.
#[derive(Debug, Serialize, ToSchema)]
struct LeadChange {
    /// Its number within the lead, from 1.
    seq: u32,
    /// When it was made. Changes made together have one instant.
    at: Timestamp,
    /// On whose word.
    changed_by: Who,
    /// The call, if it was made in one.
    #[schema(value_type = Option<String>)]
    call_sid: Option<CallSid>,
    /// `phone`, `full_name`, `email`, `status`, or a field of the business's as in `fields.city`.
    field: String,
    /// What it held before; null where it held nothing.
    old: Option<String>,
    /// What it holds since.
    new: String,
}

/// On whose word a lead was changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Who {
    /// The person's, in a call.
    Call,
    /// The person's, in a text message.
    Message,
    /// The operator's.
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
    /// Whose: the business's slug.
    #[param(required = true)]
    business: Option<String>,
    /// Where the list goes on: `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<u32>>,
    /// How many to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// What became of a lead
///
/// The last change first.
#[utoipa::path(
    get, path = "/api/leads/{id}/history", operation_id = "listLeadChanges", tag = "leads",
    params(("id" = Uuid, Path, description = "The lead"), HistoryQuery),
    responses((status = 200, description = "A page of its changes", body = Listing<LeadChange>)),
)]
pub(in crate::http::api) async fn list(ask: Ask<'_>) -> Answer {
    let query: HistoryQuery = ask.query()?;
    let id = LeadId(ask.id()?);
    let business = ask.business(query.business.as_deref()).await?.id;
    leads::get(ask.db(), business, id).await?.ok_or_else(no_such_lead)?;
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.unwrap_or_default().0;
    let page = leads::history(ask.db(), business, id, after, limit).await?;
    Ok(json(StatusCode::OK, &Listing::<LeadChange>::of(page)))
}
